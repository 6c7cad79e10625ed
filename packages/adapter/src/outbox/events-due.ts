import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { type EventFilter, filterSql } from './event-filter.js';
import type { PositionRange } from './position-range.js';

/** What a consumer wants of the log, by its name; undefined of one that this process doesn't define. */
export type FilterOf = (consumer: string) => Omit<EventFilter, 'partition'> | undefined;

/** Where one partition of a consumer stands, and what it wants; undefined where nobody knows it. */
export interface ConsumerPlace {
  readonly partition: number;
  readonly partitions: number;
  readonly position: string;
  readonly gaps: readonly PositionRange[];
  readonly filter: ReturnType<FilterOf>;
}

/** How many events a consumer has still to get. */
interface EventsDue {
  readonly events: number;
  /** There are more: so many were found in the part of the log that was looked at. */
  readonly more: boolean;
}

/** Counted up to there: beyond it only that there are more. */
const mostCounted = 10_000;
/** Events that are looked at in all: a consumer that wants few of many would make the whole log be read. */
const mostLookedAt = 100_000;

/** For each place what its own filter lets through, of the events behind its position and of those that have appeared in its gaps. */
export async function eventsDue(
  sql: SqlExecutor,
  schema: string,
  places: readonly ConsumerPlace[],
): Promise<(EventsDue | null)[]> {
  const events = `${quoteIdentifier(schema)}.events`;
  const share = Math.max(mostCounted + 1, Math.floor(mostLookedAt / Math.max(places.length, 1)));
  const counts = places.flatMap((place, index) =>
    place.filter ? [countSql(events, index, place, place.filter, share)] : [],
  );
  if (counts.length === 0) return places.map(() => null);
  const rows = await sql.execute<{ place: number; found: number; seen: number }>(counts.join(' union all '));
  const found = new Map(rows.map((row) => [row.place, row]));
  return places.map((_, index) => {
    const row = found.get(index);
    if (!row) return null;
    return { events: Math.min(row.found, mostCounted), more: row.found > mostCounted || row.seen >= share };
  });
}

function countSql(
  events: string,
  index: number,
  { position, gaps, partition, partitions }: ConsumerPlace,
  filter: EventFilter,
  most: number,
): string {
  const wanted = filterSql({ ...filter, partition: { index: partition, of: partitions } });
  const among = (condition: string): string =>
    `(select e.category, e.stream_id, e.type, e.metadata from ${events} e where ${condition} order by e.global_position limit ${most})`;
  const looked = [
    among(`e.global_position > ${BigInt(position)}`),
    ...(gaps.length > 0 ? [among(withinSql(gaps))] : []),
  ];
  const count = wanted === undefined ? 'count(*)' : `count(*) filter (where ${wanted})`;
  return `(select ${index} as place, ${count}::float8 as found, count(*)::float8 as seen from (
    select * from (${looked.join(' union all ')}) e limit ${most}) e)`;
}

function withinSql(gaps: readonly PositionRange[]): string {
  return `(${gaps.map(({ from, to }) => `e.global_position between ${from} and ${to}`).join(' or ')})`;
}
