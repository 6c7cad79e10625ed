import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** How far the backfill of one category is. */
export interface BackfillProgress {
  readonly category: string;
  readonly rows: number;
  /** Rows in the table: exact for small tables, PostgreSQL's estimate for large ones. */
  readonly total: number;
  readonly events: number;
  readonly rowsPerSecond: number;
  /** Undefined until a rate is known. */
  readonly secondsLeft: number | undefined;
  readonly completed: boolean;
}

/** The stored state of a category's backfill. */
export interface BackfillState {
  readonly rowsSeen: number;
  readonly eventsWritten: number;
  readonly startedAt: Date;
  readonly completedAt: Date | null;
}

export async function backfillState(
  sql: SqlExecutor,
  schema: string,
  category: string,
): Promise<BackfillState | undefined> {
  const [state] = await sql.execute<BackfillState>(
    `select rows_seen::float8 as "rowsSeen", events_written::float8 as "eventsWritten",
            started_at as "startedAt", completed_at as "completedAt"
     from ${quoteIdentifier(schema)}.backfills where category = $1`,
    [category],
  );
  return state;
}

/** Begins a backfill, or goes on with one that was interrupted. One that is complete starts from the first row again. */
export async function beginBackfill(sql: SqlExecutor, schema: string, category: string): Promise<void> {
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.backfills as b (category) values ($1)
     on conflict (category) do update set
       after_key = case when b.completed_at is null then b.after_key end,
       rows_seen = case when b.completed_at is null then b.rows_seen else 0 end,
       events_written = case when b.completed_at is null then b.events_written else 0 end,
       started_at = case when b.completed_at is null then b.started_at else clock_timestamp() end,
       updated_at = clock_timestamp(), completed_at = null`,
    [category],
  );
}

export async function completeBackfill(sql: SqlExecutor, schema: string, category: string): Promise<void> {
  await sql.execute(
    `update ${quoteIdentifier(schema)}.backfills set completed_at = clock_timestamp(), updated_at = clock_timestamp()
     where category = $1`,
    [category],
  );
}

/** Counting is exact up to this many rows (a few milliseconds), above it the planner's estimate is taken. */
const exactUpTo = 100_000;

export async function countRows(sql: SqlExecutor, mapping: EntityMapping): Promise<number> {
  const [{ estimate }] = (await sql.execute<{ estimate: number }>(
    `select greatest(reltuples, 0)::float8 as estimate from pg_class where oid = $1`,
    [mapping.table.oid],
  )) as [{ estimate: number }];
  if (estimate > exactUpTo) return estimate;
  const [{ total }] = (await sql.execute<{ total: number }>(
    `select count(*)::float8 as total from ${quoteTable(mapping.table)}`,
  )) as [{ total: number }];
  return total;
}
