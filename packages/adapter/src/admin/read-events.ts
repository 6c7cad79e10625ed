import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { categoriesWithEvents, type EventRow, listedColumns } from '../event-store/index.js';
import type { MappingRegistry } from '../mapping/index.js';
import type { EventSearch } from './event-search.js';
import { largestListed, type ListedEvent, listedEvent } from './listed-event.js';
import { positionsSince } from './positions-since.js';
import { readSearchIndexes, type SearchedMetadata, type SearchIndex } from './search-indexes.js';

/** Some events of all categories, newest first. */
export interface EventPage {
  readonly events: readonly ListedEvent[];
  /** Of the newest event of the log; '0' without any. */
  readonly newest: string;
  /** How many events were looked at for this page. */
  readonly looked: number;
  /** Whether there is nothing else: as far as was asked for, everything was looked at. */
  readonly complete: boolean;
  /** Where the next page goes on, as `before`. Null when it is complete. */
  readonly next: string | null;
  readonly indexes: Readonly<Record<SearchedMetadata, SearchIndex>>;
}

const pageSize = 50;
/** Looked at for one page. There is no index by category and time, so a search is one of the newest events. */
const eventsLooked = 10_000;
/** Positions around a moment that are looked at nevertheless: transactions that ran at once get theirs in any order. */
const margin = 1_000;

/** What is taken of events, and of ends of streams that have left none. */
const columns =
  'v.global_position, v.stream_position, v.recorded_at, v.schema_version, v.change, v.category, v.stream_id, v.type, v.data, v.metadata';

/** One source of events in descending order, of which the first ones are looked at. */
interface Source {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * Events that match, newest first. What an index answers is asked of it: the end of the log, one stream, and where somebody has made
 * one, an actor or a correlation. Of anything else the newest 10 000 are looked at, and the page says so.
 */
export async function readEvents(
  sql: SqlExecutor,
  schema: string,
  mappings: MappingRegistry,
  search: EventSearch,
): Promise<EventPage> {
  const events = `${quoteIdentifier(schema)}.events`;
  const indexes = await readSearchIndexes(sql, schema);
  const [end] = await sql.execute<{ newest: string }>(
    `select coalesce(max(e.global_position), 0)::text as newest from ${events} e`,
  );
  const newest = end?.newest ?? '0';
  const bounds = await boundsOf(sql, events, search);
  await requireCategory(sql, events, mappings, search.category);
  const source = await sourceOf(sql, schema, mappings, search, indexes, bounds);
  const filter = filterOf(mappings, search, source.values.length);
  const looked = `(${source.sql} limit ${eventsLooked}) e`;
  const found = await sql.execute<EventRow>(
    `select ${listedColumns('e', largestListed)} from ${looked} where ${filter.sql}
     order by e.global_position desc limit ${pageSize + 1}`,
    [...source.values, ...filter.values],
  );
  const shown = found.slice(0, pageSize);
  const page = { events: shown.map((row) => listedEvent(mappings, row)), newest, indexes };
  if (found.length > pageSize) {
    const next = shown.at(-1)?.global_position ?? null;
    return { ...page, looked: found.length, complete: false, next };
  }
  const [extent] = await sql.execute<{ count: number; last: string | null }>(
    `select count(*)::float8 as count, min(e.global_position)::text as last from ${looked}`,
    source.values,
  );
  const { count = 0, last = null } = extent ?? {};
  const complete = count < eventsLooked;
  return { ...page, looked: count, complete, next: complete ? null : last };
}

/** Positions between which events are looked at, both ends included. */
async function boundsOf(
  sql: SqlExecutor,
  events: string,
  { before, after, from, to }: EventSearch,
): Promise<{ low: string; high: string }> {
  const lows = [BigInt(after ?? -1) + 1n];
  const highs = [before === undefined ? 2n ** 63n - 1n : BigInt(before) - 1n];
  if (from) lows.push(BigInt((await positionsSince(sql, events, from)).low ?? 0) - BigInt(margin));
  if (to) highs.push(BigInt((await positionsSince(sql, events, to)).low ?? 0) + BigInt(margin));
  const largest = lows.reduce((one, other) => (one > other ? one : other));
  const smallest = highs.reduce((one, other) => (one < other ? one : other));
  return { low: String(largest), high: String(smallest) };
}

async function sourceOf(
  sql: SqlExecutor,
  schema: string,
  mappings: MappingRegistry,
  search: EventSearch,
  indexes: EventPage['indexes'],
  { low, high }: { low: string; high: string },
): Promise<Source> {
  const events = `${quoteIdentifier(schema)}.events`;
  const between = `v.global_position >= $1::bigint and v.global_position <= $2::bigint`;
  if (search.streamId !== undefined) {
    const categories =
      search.category === undefined
        ? await categoriesWithEvents(sql, schema)
        : [categoryOf(mappings, search.category)];
    return {
      sql: `select s.* from unnest($3::text[]) c cross join lateral (
          (select ${columns} from ${events} v where v.category = c collate "C" and v.stream_id = $4::text and ${between}
           order by v.stream_position desc limit ${eventsLooked})
          union all
          select ${columns} from ${quoteIdentifier(schema)}.untracked_end(c, $4::text, null) v where ${between}) s
        order by s.global_position desc, s.stream_position desc`,
      values: [low, high, categories, search.streamId],
    };
  }
  const keyed = (['correlationId', 'actor'] as const).find(
    (property) => search[property] !== undefined && indexes[property].exists,
  );
  if (keyed) {
    // not an equality, whose order would be redundant: so the planner takes the index by which it is ordered
    const key = `(v.metadata ->> '${keyed}')`;
    return {
      sql: `select v.* from ${events} v where ${key} >= $3::text and ${key} <= $3::text and ${between}
        order by ${key} desc, v.global_position desc`,
      values: [low, high, search[keyed]],
    };
  }
  return {
    sql: `select v.* from ${events} v where ${between} order by v.global_position desc`,
    values: [low, high],
  };
}

function filterOf(mappings: MappingRegistry, search: EventSearch, given: number): Source {
  const values: unknown[] = [];
  const value = (each: unknown): string => `$${given + values.push(each)}`;
  const { category, type, actor, correlationId, from, to } = search;
  const conditions = [
    ...(category === undefined ? [] : [`e.category = ${value(categoryOf(mappings, category))}::text`]),
    ...(type === undefined ? [] : [`e.type = any(${value(storedTypes(mappings, type))}::text[])`]),
    ...(actor === undefined ? [] : [`e.metadata ->> 'actor' = ${value(actor)}::text`]),
    ...(correlationId === undefined
      ? []
      : [`e.metadata ->> 'correlationId' = ${value(correlationId)}::text`]),
    ...(from === undefined ? [] : [`e.recorded_at >= ${value(from)}::timestamptz`]),
    ...(to === undefined ? [] : [`e.recorded_at <= ${value(to)}::timestamptz`]),
  ];
  return { sql: conditions.length === 0 ? 'true' : conditions.join(' and '), values };
}

/** @throws UnknownAggregateError where there is neither an aggregate nor an event of that name */
async function requireCategory(
  sql: SqlExecutor,
  events: string,
  mappings: MappingRegistry,
  name: string | undefined,
): Promise<void> {
  if (name === undefined || mappings.find(name)) return;
  const found = await sql.execute(`select from ${events} e where e.category = $1 limit 1`, [name]);
  if (found.length === 0) mappings.get(name);
}

function categoryOf(mappings: MappingRegistry, name: string): string {
  return mappings.find(name)?.category ?? name;
}

function storedTypes(mappings: MappingRegistry, type: string): string[] {
  const former = mappings
    .all()
    .flatMap(({ renamedTypes }) => Object.entries(renamedTypes).filter(([, today]) => today === type));
  return [type, ...former.map(([stored]) => stored)];
}
