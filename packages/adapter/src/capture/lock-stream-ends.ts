import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { isNumberedAtCommit } from './stream-tables.js';

/**
 * Lets nobody else write at the ends of some streams until the transaction ends. Behind locks of their rows, which are enough
 * for an aggregate of one row: of others, transactions that change parts number their events when they commit.
 *
 * A SERIALIZABLE transaction has such a lock while it writes, and may come to wait for a row that is locked here. So nobody is
 * waited for: of a circle PostgreSQL might end the writer.
 * @throws Error with the code 55P03 (lock_not_available) where somebody else writes: the transaction may go through later
 */
export async function lockStreamEnds(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streamIds: readonly string[],
): Promise<void> {
  if (!isNumberedAtCommit(mapping)) return;
  const name = quoteIdentifier(schema);
  const [{ locked } = { locked: true }] = await sql.execute<{ locked: boolean }>(
    `select coalesce(bool_and(pg_try_advisory_xact_lock(${name}.kind_of_lock('ends'), l)), true) as locked
     from (select distinct ${name}.lock_of(n) as l from unnest($1::text[]) n) l`,
    [streamIds.map((id) => `${mapping.category}-${id}`)],
  );
  if (!locked)
    throw Object.assign(new Error(`somebody else writes to a stream of ${mapping.knownAs}`), {
      code: '55P03',
    });
}
