import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { archivedThroughSql } from './archived-streams.js';
import { isEarlySql } from './checksum-sql.js';
import type { VerifyScope } from './verify-scope.js';

/**
 * The streams that are not as capture writes them. Columns: stream_id, kind, and positions: those that are missing (`gap`),
 * or whose events stand in the log before the ones that precede them in the stream (`order`).
 */
export function streamFaultsSql({ category }: EntityMapping, schema: string, scope: VerifyScope): string {
  return `select v.stream_id, case when bool_or(v.step > 1) then 'gap' else 'order' end as kind,
      jsonb_agg(p.position order by p.position) filter (where p.missing or not v.any_missing) as positions
    from (
      select v.*, bool_or(v.step > 1) over (partition by v.stream_id) as any_missing
      from (
        select v.stream_id, v.stream_position, ${isEarlySql('v')} as early,
          v.stream_position - coalesce(lag(v.stream_position) over w, ${archivedThroughSql(schema, 'v')}) as step
        from ${quoteIdentifier(schema)}.events v
        where v.category = ${quoteLiteral(category)} and ${scope.events('v')}
        window w as (partition by v.stream_id order by v.stream_position)
      ) v where v.step > 1 or v.early
    ) v
    cross join lateral (
      select m as position, true as missing from generate_series(v.stream_position - v.step + 1, v.stream_position - 1) m
      union all
      select v.stream_position, false where v.early
    ) p
    group by v.stream_id`;
}
