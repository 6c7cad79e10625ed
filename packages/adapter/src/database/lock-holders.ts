import type { SqlExecutor } from './sql-executor.js';

interface Holder {
  readonly pid: number | null;
  readonly name: string;
  readonly state: string | null;
  readonly age: string | null;
}

/** Who holds locks that a change of these tables has to wait for, in words: the three that have been at it longest. */
export async function lockHolders(sql: SqlExecutor, tables: readonly number[]): Promise<string> {
  const rows = await sql.execute<Holder>(
    `select a.pid, coalesce(nullif(a.application_name, ''), 'unnamed') as name, a.state,
            date_trunc('second', clock_timestamp() - a.xact_start)::text as age
     from pg_stat_activity a
     where a.pid <> pg_backend_pid() and a.pid in (
       select l.pid from pg_locks l where l.relation = any ($1::oid[]) and l.granted
         and l.mode in ('RowShareLock', 'RowExclusiveLock', 'ShareRowExclusiveLock', 'AccessExclusiveLock'))
     order by a.xact_start limit 3`,
    [tables],
  );
  return inWords(rows);
}

/**
 * Who has locked one row, in words: a row carries the id of the transaction that locked it last. `row` is a FROM clause
 * with the row as `t`. Undefined where that doesn't tell: several transactions share the row, or it is free by now.
 */
export async function rowLockHolder(
  sql: SqlExecutor,
  row: string,
  values: readonly unknown[],
): Promise<string | undefined> {
  const rows = await sql.execute<Holder>(
    `select l.pid, coalesce(p.gid, nullif(a.application_name, ''), 'unnamed') as name, a.state,
            date_trunc('second', clock_timestamp() - coalesce(a.xact_start, p.prepared))::text as age
     from (select t.xmax from ${row}) r
     join pg_locks l on l.locktype = 'transactionid' and l.transactionid = r.xmax and l.granted
     left join pg_stat_activity a on a.pid = l.pid
     left join pg_prepared_xacts p on p.transaction = r.xmax
     where l.pid is distinct from pg_backend_pid()`,
    values,
  );
  return rows.length === 0 ? undefined : inWords(rows);
}

function inWords(holders: readonly Holder[]): string {
  if (holders.length === 0) return 'another transaction holds a lock';
  return holders
    .map(({ pid, name, state, age }) => {
      const open = age ? `transaction open for ${age}` : 'of a role that this one may not look at';
      return pid === null
        ? `the prepared transaction ${name} (${open})`
        : `process ${pid} (${[name, state, open].filter(Boolean).join(', ')})`;
    })
    .join(', ');
}
