import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/**
 * Lets nobody else write at the ends of some streams until the transaction ends. Behind locks of their rows, which are enough
 * for an aggregate of one row: of others, transactions that change parts number their events when they commit.
 */
export async function lockStreamEnds(
  sql: SqlExecutor,
  schema: string,
  { category, parts }: EntityMapping,
  streamIds: readonly string[],
): Promise<void> {
  if (parts.length === 0) return;
  await sql.execute(`select ${quoteIdentifier(schema)}.lock_names('ends', $1::text[])`, [
    streamIds.map((id) => `${category}-${id}`),
  ]);
}
