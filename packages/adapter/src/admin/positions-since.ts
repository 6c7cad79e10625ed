import type { SqlExecutor } from '../database/index.js';

/** The first position of a moment, by bisection: positions ascend with time, but for transactions that were under way. */
export async function positionsSince(
  sql: SqlExecutor,
  events: string,
  from: Date,
): Promise<{ low: number; high: number }> {
  const [found] = await sql.execute<{ low: number; high: number }>(
    `with recursive bounds as (select min(global_position) as low, max(global_position) as high from ${events}),
     bisection (low, high) as (
       select b.low, b.high from bounds b
       union all
       select case when m.before then m.middle + 1 else s.low end, case when m.before then s.high else m.middle end
       from bisection s cross join lateral (
         select (s.low + s.high) / 2 as middle,
           (select e.recorded_at < $1 from ${events} e where e.global_position >= (s.low + s.high) / 2
            order by e.global_position limit 1) as before) m
       where s.low < s.high)
     select (select min(s.low) from bisection s where s.low >= s.high)::float8 as low, (select b.high from bounds b)::float8 as high`,
    [from],
  );
  return found as { low: number; high: number };
}
