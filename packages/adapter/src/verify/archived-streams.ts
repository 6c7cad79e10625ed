import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Whether streams of a category have been archived, and need not begin at their first position. */
export async function hasArchivedStreams(
  sql: SqlExecutor,
  schema: string,
  { category }: EntityMapping,
): Promise<boolean> {
  const [row] = await sql.execute<{ archived: boolean }>(
    `select exists (select from ${quoteIdentifier(schema)}.archived_streams where category = $1) as archived`,
    [category],
  );
  return (row as { archived: boolean }).archived;
}

/**
 * For the first event that there is of a stream, behind `alias`: up to which position the ones before it may be missing, 0
 * where they aren't archived. It must hold the whole state, or say that there is none: another one stands behind the lost
 * one that did.
 */
export function archivedThroughSql(schema: string, alias: string): string {
  return `case when ${alias}.stream_position > 1 then coalesce((
      select least(a.through, ${alias}.stream_position - 1) - case when ${alias}.change in ('u', 'n') then 1 else 0 end
      from ${quoteIdentifier(schema)}.archived_streams a
      where a.category = ${alias}.category and a.stream_id = ${alias}.stream_id), 0) else 0 end`;
}
