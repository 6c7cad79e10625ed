import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** How much there is, and how much comes. Cheap, whatever the number of events. */
export interface Volume {
  /** Global position of the newest event; '0' when there is none. */
  readonly lastPosition: string;
  /** The events with their indexes, on disk. */
  readonly bytes: number;
  readonly aggregates: readonly {
    readonly category: string;
    /** In its table (without those of parts): PostgreSQL's estimate, from its last ANALYZE or vacuum; 0 before the first. */
    readonly rows: number;
    /** Events a second over the last minute; over the newest 10 000 of all aggregates, where there were more. */
    readonly eventsPerSecond: number;
  }[];
}

/** Events that are looked at, at most: some milliseconds. */
const newestEvents = 10_000;
const periodSeconds = 60;

/** One query. */
export async function readVolume(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<Volume> {
  const events = `${quoteIdentifier(schema)}.events`;
  const [row] = await sql.execute<{
    last: string;
    bytes: number;
    rows: Record<string, number> | null;
    recent: Record<string, number> | null;
  }>(
    `with newest as (
       select category, recorded_at from ${events} order by global_position desc limit ${newestEvents}),
     recent as (
       select category, recorded_at from newest where recorded_at > clock_timestamp() - interval '${periodSeconds} seconds'),
     period as (
       select case when count(*) < ${newestEvents} then ${periodSeconds}
         else greatest(0.001, extract(epoch from clock_timestamp() - min(recorded_at)))::float8 end as seconds
       from recent)
     select
       (select coalesce(max(global_position), 0)::text from ${events}) as last,
       pg_total_relation_size($1::regclass)::float8 as bytes,
       (select jsonb_object_agg(c.oid, greatest(c.reltuples, 0)) from pg_class c where c.oid = any ($2::oid[])) as rows,
       (select jsonb_object_agg(category, times / seconds)
        from (select category, count(*)::float8 as times from recent group by category) r cross join period) as recent`,
    [events, mappings.map(({ table }) => table.oid)],
  );
  return {
    lastPosition: row?.last ?? '0',
    bytes: row?.bytes ?? 0,
    aggregates: mappings.map(({ category, table }) => ({
      category,
      rows: row?.rows?.[table.oid] ?? 0,
      eventsPerSecond: row?.recent?.[category] ?? 0,
    })),
  };
}
