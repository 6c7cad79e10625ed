import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { positionsSince } from './positions-since.js';

/** Events of one aggregate over time, by type. */
export interface Activity {
  readonly from: Date;
  /** The end of the current minute. */
  readonly to: Date;
  /** One count for each of equal spans of time, the most frequent type first, under today's names. `first`: first events of rows that were there. */
  readonly types: readonly {
    readonly type: string;
    readonly first: boolean;
    readonly counts: readonly number[];
  }[];
  /** Extrapolated from samples that are spread over the log. */
  readonly estimated: boolean;
}

const spans = 48;
/** Up to as many events are counted one by one; of more, as many positions are looked at. */
const eventsRead = 20_000;
const slices = 200;
const sliceLength = eventsRead / slices;

/** States of rows that were there before, which nobody has made then. */
const isFirstSql = `(v.metadata ->> 'origin') is not distinct from 'backfill'`;

interface Counted {
  type: string;
  first: boolean;
  span: number;
  count: number;
}

/**
 * Counts the events of a category since a moment, or since its first. There is no index by time: of an aggregate with many
 * events evenly spaced slices of the log are read, and what they have stands for what lies between them.
 */
export async function readActivity(
  sql: SqlExecutor,
  schema: string,
  { category, renamedTypes }: EntityMapping,
  hours: number | null,
): Promise<Activity> {
  const events = `${quoteIdentifier(schema)}.events`;
  const [size] = await sql.execute<{ few: boolean; first: Date | null; now: Date }>(
    `select (select count(*) from (${ofCategory(events, eventsRead + 1)}) c) <= ${eventsRead} as few,
       (select e.recorded_at from ${events} e order by e.global_position limit 1) as first,
       date_trunc('minute', now()) + interval '1 minute' as now`,
    [category],
  );
  const { few, first, now } = size as NonNullable<typeof size>;
  const earliest = first ?? now;
  const from = hours === null ? earliest : new Date(Math.max(now.getTime() - hours * 3_600_000, 0));
  const span = `least(width_bucket(extract(epoch from e.recorded_at)::float8, $2, $3, ${spans}), ${spans})`;
  const times = [from.getTime() / 1000, Math.max(now.getTime(), from.getTime() + 1) / 1000];
  if (few) {
    const counted = await sql.execute<Counted>(
      `select e.type, e.first, ${span} as span, count(*)::float8 as count from (${ofCategory(events, eventsRead)}) e
       where e.recorded_at >= to_timestamp($2) group by 1, 2, 3`,
      [category, ...times],
    );
    return { from, to: now, types: byType(counted, renamedTypes), estimated: false };
  }
  const { low, high } = await positionsSince(sql, events, from);
  const step = Math.max((high - low + 1) / slices, sliceLength);
  const counted = await sql.execute<Counted>(
    `select e.type, e.first, ${span} as span, count(*) * ($5::float8 / ${sliceLength}) as count
     from generate_series(0, ${slices - 1}) s cross join lateral (
       select v.type, ${isFirstSql} as first, v.category, v.recorded_at from ${events} v
       where v.global_position >= $4::bigint + floor(s * $5::float8)::bigint
         and v.global_position < $4::bigint + floor(s * $5::float8)::bigint + ${sliceLength}
       order by v.global_position limit ${sliceLength}) e
     where e.category = $1 and e.recorded_at >= to_timestamp($2) group by 1, 2, 3`,
    [category, ...times, low, step],
  );
  return { from, to: now, types: byType(counted, renamedTypes), estimated: step > sliceLength };
}

/** Ordered as the index of the streams is, so that it is read, whatever the planner thinks of the table. */
function ofCategory(events: string, limit: number): string {
  return `select v.type, ${isFirstSql} as first, v.recorded_at from ${events} v where v.category = $1 order by v.stream_id, v.stream_position limit ${limit}`;
}

function byType(
  counted: readonly Counted[],
  renamedTypes: Readonly<Record<string, string>>,
): Activity['types'] {
  const series = new Map<string, { type: string; first: boolean; counts: number[] }>();
  for (const { type: stored, first, span, count } of counted) {
    const type = Object.hasOwn(renamedTypes, stored) ? (renamedTypes[stored] as string) : stored;
    const key = `${first} ${type}`;
    const known = series.get(key) ?? { type, first, counts: new Array<number>(spans).fill(0) };
    known.counts[span - 1] = (known.counts[span - 1] ?? 0) + Math.round(count);
    series.set(key, known);
  }
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  return [...series.values()].sort(
    (one, other) => sum(other.counts) - sum(one.counts) || (one.type < other.type ? -1 : 1),
  );
}
