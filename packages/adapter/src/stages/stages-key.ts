import type { SqlExecutor } from '../database/index.js';
import { type NamedTable, readWatchedStandings } from './watched-standings.js';

/**
 * The key of the stages that a server has, such as a standby: see {@link WatchedStandings.key}. Undefined where it has none yet. Fails for
 * nothing that a server can lack: it may be asked in a transaction of the application.
 */
export async function stagesKey(
  sql: SqlExecutor,
  schema: string,
  named: readonly NamedTable[],
): Promise<string | undefined> {
  return (await canRead(sql, schema)) ? (await readWatchedStandings(sql, schema, named)).key : undefined;
}

async function canRead(sql: SqlExecutor, schema: string): Promise<boolean> {
  const [found] = await sql.execute<{ tables: number }>(
    `select count(*)::integer as tables from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname in ('stages', 'aggregates', 'migrations')
       and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')`,
    [schema],
  );
  return found?.tables === 3;
}
