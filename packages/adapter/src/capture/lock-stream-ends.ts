import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { isNumberedAtCommit } from './stream-tables.js';

/**
 * Lets nobody else write at the ends of some streams until the transaction ends. Behind locks of their rows, which are enough
 * for an aggregate of one row: of others, transactions that change parts number their events when they commit.
 */
export async function lockStreamEnds(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streamIds: readonly string[],
): Promise<void> {
  if (!isNumberedAtCommit(mapping)) return;
  const name = quoteIdentifier(schema);
  await sql.execute(
    `select ${name}.take_locks('ends', array(select distinct ${name}.lock_of(n) from unnest($1::text[]) n))`,
    [streamIds.map((id) => `${mapping.category}-${id}`)],
  );
}
