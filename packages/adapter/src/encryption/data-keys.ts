import { randomBytes } from 'node:crypto';
import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { explainKeys } from './explain-keys.js';
import type { KeyProvider, WrappedKey } from './providers/index.js';
import { storedKeys, type StoredKeyRow, type StoredKeys, storedKeysSql } from './stored-keys.js';
import { UnwrappedKeys } from './unwrapped-keys.js';

/**
 * The data keys of subjects, for those who encrypt. One that was never there is made; of several processes that do it at once,
 * all use that of the first. One that is erased stays so.
 */
export class DataKeys {
  private readonly unwrapped: UnwrappedKeys;

  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly provider: KeyProvider,
  ) {
    this.unwrapped = new UnwrappedKeys(provider);
  }

  /**
   * As the table has them at this moment: one query, and a transaction where some have to be made.
   * @throws BackstoryError RIGHTS_MISSING, and what the provider throws
   */
  async of(subjects: readonly string[]): Promise<ReadonlyMap<string, Uint8Array | 'erased'>> {
    if (subjects.length === 0) return new Map();
    try {
      const stored = await this.read(this.database, subjects);
      const missing = subjects.filter((subject) => !stored.has(subject));
      const made = missing.length > 0 ? await this.make(missing) : new Map();
      return await this.unwrapped.of(new Map([...stored, ...made]));
    } catch (error) {
      throw explainKeys(error, this.schema);
    }
  }

  private async read(sql: SqlExecutor, subjects: readonly string[]): Promise<StoredKeys> {
    return storedKeys(await sql.execute<StoredKeyRow>(storedKeysSql(this.schema), [subjects]));
  }

  /** What others have made, or erased, since it was looked for is what counts. */
  private async make(subjects: readonly string[]): Promise<StoredKeys> {
    const wrapped: WrappedKey[] = [];
    for (let first = 0; first < subjects.length; first += 16) {
      const some = subjects.slice(first, first + 16);
      wrapped.push(
        ...(await Promise.all(some.map((subject) => this.provider.wrap(randomBytes(32), { subject })))),
      );
    }
    return this.database.transaction(async (sql) => {
      await sql.execute(
        `select ${quoteIdentifier(this.schema)}.keep_subject_keys($1::text[], $2::text[], $3::text[])`,
        [
          subjects,
          wrapped.map((key) => Buffer.from(key.wrapped).toString('hex')),
          wrapped.map(({ keyId }) => keyId),
        ],
      );
      return this.read(sql, subjects);
    });
  }
}
