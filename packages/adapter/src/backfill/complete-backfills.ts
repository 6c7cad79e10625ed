import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** A query for the categories whose backfill is complete: of every row, since capture began, and of the table of today. */
export function completeBackfillsSql(schema: string): string {
  const table = quoteIdentifier(schema);
  return `select b.category from ${table}.backfills b
    join ${table}.stages s on s.category = b.category and b.started_at >= s.captured_since
    join ${table}.aggregates a on a.category = b.category and a.part = '' and a.table_oid = b.table_oid
    where b.completed_at is not null`;
}

/** Whether every row that was there before capture has its first event. */
export async function isBackfillComplete(
  sql: SqlExecutor,
  schema: string,
  category: string,
): Promise<boolean> {
  const rows = await sql.execute(
    `select from (${completeBackfillsSql(schema)}) complete where complete.category = $1`,
    [category],
  );
  return rows.length > 0;
}
