import type { SqlExecutor } from './sql-executor.js';

/**
 * PostgreSQL's own estimate for these tables together, with their partitions and the tables that inherit from them. Undefined where one
 * of them was never analysed.
 */
export async function estimateRows(sql: SqlExecutor, oids: readonly number[]): Promise<number | undefined> {
  const [found] = await sql.execute<{ rows: number | null }>(
    `with recursive tables as (
       select unnest($1::oid[]) as oid union select i.inhrelid from pg_inherits i join tables t on t.oid = i.inhparent)
     select case when bool_and(c.reltuples >= 0) then sum(c.reltuples)::float8 end as rows
     from tables t join pg_class c on c.oid = t.oid where c.relkind <> 'p'`,
    [oids],
  );
  // 0 is what PostgreSQL 13 says of one that it never looked at
  return found?.rows || undefined;
}
