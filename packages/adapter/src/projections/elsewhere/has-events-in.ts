import { quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import type { PositionRange } from '../../outbox/index.js';

/** Whether the log has events in one of these gaps by now, up to a position. */
export async function hasEventsIn(
  sql: SqlExecutor,
  schema: string,
  gaps: readonly PositionRange[],
  until?: bigint,
): Promise<boolean> {
  if (gaps.length === 0) return false;
  const found = await sql.execute(
    `select from unnest($1::bigint[], $2::bigint[]) g (first, last)
     cross join lateral (select from ${quoteIdentifier(schema)}.events e
       where e.global_position >= g.first and e.global_position <= least(g.last, $3::bigint)
       order by e.global_position limit 1) e limit 1`,
    [
      gaps.map(({ from }) => String(from)),
      gaps.map(({ to }) => String(to)),
      until === undefined ? null : String(until),
    ],
  );
  return found.length > 0;
}
