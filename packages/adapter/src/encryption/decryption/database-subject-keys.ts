import { explainKeys } from '../explain-keys.js';
import type { KeyProvider } from '../providers/index.js';
import { storedKeys, storedKeysSql, type StoredKeyRow } from '../stored-keys.js';
import { UnwrappedKeys } from '../unwrapped-keys.js';
import type { SubjectKeys } from './subject-keys.js';

/** What runs SQL: a pool or client of pg, or TypeORM's DataSource or EntityManager. */
export interface KeySql {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

/** Which key provider has wrapped the keys, and where they are. */
export interface SubjectKeysOptions {
  /** The application's own, or one that has the same keys. */
  keys: KeyProvider;
  /** Of Backstory's tables in the application's database. @defaultValue 'backstory' */
  schema?: string;
}

/**
 * The data keys in the application's database, for a receiver that may ask it:
 * `grant usage on schema backstory to billing; grant execute on function backstory.subject_keys_of(text[]) to billing`.
 * One query for each call. Of what the provider has unwrapped the latest 10 000 are kept in memory, and used only while the database
 * has the key. Ask the primary server: a standby knows later of an erasure, and doesn't know the newest keys.
 * @throws from `find`, BackstoryError RIGHTS_MISSING, and what the provider throws
 * @example const keys = databaseSubjectKeys(pool, { keys: environmentKeys() });
 */
export function databaseSubjectKeys(
  sql: KeySql,
  { keys, schema = 'backstory' }: SubjectKeysOptions,
): SubjectKeys {
  const unwrapped = new UnwrappedKeys(keys);
  return {
    find: async (subjects) => {
      const result = await sql.query(storedKeysSql(schema), [[...subjects]]).catch((error: unknown) => {
        throw explainKeys(error, schema);
      });
      const rows = Array.isArray(result) ? result : (result as { rows: unknown[] }).rows;
      return unwrapped.of(storedKeys(rows as StoredKeyRow[]));
    },
  };
}
