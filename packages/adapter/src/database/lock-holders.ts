import type { SqlExecutor } from './sql-executor.js';

/** Who holds locks that a change of these tables has to wait for, in words: the three that have been at it longest. */
export async function lockHolders(sql: SqlExecutor, tables: readonly number[]): Promise<string> {
  const rows = await sql.execute<{ pid: number; application: string; age: string; state: string }>(
    `select a.pid, a.application_name as application, a.state,
            date_trunc('second', clock_timestamp() - a.xact_start)::text as age
     from pg_stat_activity a
     where a.pid <> pg_backend_pid() and a.pid in (
       select l.pid from pg_locks l where l.relation = any ($1::oid[]) and l.granted
         and l.mode in ('RowShareLock', 'RowExclusiveLock', 'ShareRowExclusiveLock', 'AccessExclusiveLock'))
     order by a.xact_start limit 3`,
    [tables],
  );
  if (rows.length === 0) return 'another transaction holds a lock';
  return rows
    .map(
      ({ pid, application, state, age }) =>
        `process ${pid} (${application || 'unnamed'}, ${state}, transaction open for ${age})`,
    )
    .join(', ');
}
