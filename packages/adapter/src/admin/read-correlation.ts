import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { type EventRow, listedColumns } from '../event-store/index.js';
import type { MappingRegistry } from '../mapping/index.js';
import { largestListed, type ListedEvent, listedEvent } from './listed-event.js';
import { readSearchIndexes, type SearchIndex } from './search-indexes.js';

/** The events of one correlation over all streams, in the order in which they were recorded. */
export interface CorrelationPage {
  readonly correlationId: string;
  /** The first 500. */
  readonly events: readonly ListedEvent[];
  /** Whether there are others behind these. */
  readonly more: boolean;
  /** What was looked at, where there is no index: as many events around a position, or at the end of the log. Null where all of it was. */
  readonly looked: { readonly events: number; readonly from: string; readonly to: string } | null;
  readonly index: SearchIndex;
}

const most = 500;

/** `around`: a position beside which its events are looked for where no index finds them; without it, at the end of the log. */
export async function readCorrelation(
  sql: SqlExecutor,
  schema: string,
  mappings: MappingRegistry,
  correlationId: string,
  { around, newest }: { around: string | undefined; newest: number },
): Promise<CorrelationPage> {
  const events = `${quoteIdentifier(schema)}.events`;
  const { correlationId: index } = await readSearchIndexes(sql, schema);
  const looked = index.exists ? null : await lookedAround(sql, events, around, newest);
  const key = `(e.metadata ->> 'correlationId')`;
  const columns = listedColumns('e', largestListed);
  const rows = looked
    ? await sql.execute<EventRow>(
        `select ${columns} from ${events} e
         where e.global_position between $2::bigint and $3::bigint and ${key} = $1::text
         order by e.global_position limit ${most + 1}`,
        [correlationId, looked.from, looked.to],
      )
    : await sql.execute<EventRow>(
        // not an equality, whose order would be redundant: so the planner takes the index by which it is ordered
        `select ${columns} from ${events} e where ${key} >= $1::text and ${key} <= $1::text
         order by ${key}, e.global_position limit ${most + 1}`,
        [correlationId],
      );
  return {
    correlationId,
    events: rows.slice(0, most).map((row) => listedEvent(mappings, row)),
    more: rows.length > most,
    looked: looked?.whole ? null : looked && { events: looked.events, from: looked.from, to: looked.to },
    index,
  };
}

/** The positions between which there are so many events, half of them before a position and half behind it. */
async function lookedAround(
  sql: SqlExecutor,
  events: string,
  around: string | undefined,
  newest: number,
): Promise<{ events: number; from: string; to: string; whole: boolean }> {
  const half = Math.ceil(newest / 2);
  const [found] = await sql.execute<{ events: number; from: string; to: string; whole: boolean }>(
    `select b.count + a.count as events, coalesce(b.first, a.first, 0)::text as from, coalesce(a.last, b.last, 0)::text as to,
       b.count < $2 and a.count < $3 as whole
     from (select count(*)::float8 as count, min(p.global_position) as first, max(p.global_position) as last from (
         select v.global_position from ${events} v where v.global_position <= $1::bigint order by v.global_position desc limit $2) p) b,
       (select count(*)::float8 as count, min(p.global_position) as first, max(p.global_position) as last from (
         select v.global_position from ${events} v where v.global_position > $1::bigint order by v.global_position limit $3) p) a`,
    [around ?? String(2n ** 63n - 1n), around === undefined ? newest : half, half],
  );
  return found as NonNullable<typeof found>;
}
