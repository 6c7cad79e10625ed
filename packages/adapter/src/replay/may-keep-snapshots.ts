import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** Whether this role may take snapshots and read them; without both there is no use in either. */
export async function mayKeepSnapshots(sql: SqlExecutor, schema: string): Promise<boolean> {
  const [may] = await sql.execute<{ both: boolean }>(
    `select has_table_privilege(t, 'select') and has_table_privilege(t, 'insert') as both from (select $1::regclass) s (t)`,
    [`${quoteIdentifier(schema)}.snapshots`],
  );
  return may?.both ?? false;
}
