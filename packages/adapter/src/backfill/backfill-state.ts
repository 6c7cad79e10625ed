import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { KeyRange } from './key-ranges.js';

/** What somebody at another terminal wants of a running backfill. */
export type BackfillWish = 'pause' | 'stop';

/** The stored state of a category's backfill. */
export interface BackfillState {
  readonly rowsSeen: number;
  readonly eventsWritten: number;
  /** Numbers of the ranges that aren't done. */
  readonly open: readonly number[];
}

export async function backfillState(
  sql: SqlExecutor,
  schema: string,
  category: string,
): Promise<BackfillState> {
  const table = quoteIdentifier(schema);
  const [state] = await sql.execute<BackfillState>(
    `select coalesce(sum(r.rows_seen), 0)::float8 as "rowsSeen", coalesce(sum(r.events_written), 0)::float8 as "eventsWritten",
            coalesce(jsonb_agg(r.range order by r.range) filter (where not r.done), '[]') as open
     from ${table}.backfills b left join ${table}.backfill_ranges r using (category)
     where category = $1`,
    [category],
  );
  return state ?? { rowsSeen: 0, eventsWritten: 0, open: [] };
}

/**
 * Begins a backfill, or goes on with one that was interrupted. One that is complete, was for other rows or another table, or is from
 * before capture began anew, starts anew: `ranges` is asked for where they are needed.
 */
export async function beginBackfill(
  sql: SqlExecutor,
  schema: string,
  category: string,
  condition: string | undefined,
  ranges: () => Promise<KeyRange[]>,
): Promise<void> {
  const table = quoteIdentifier(schema);
  const boundTable = `(select a.table_oid from ${table}.aggregates a where a.category = $1 and a.part = '')`;
  const [known] = await sql.execute(
    `update ${table}.backfills b set wish = null
     where category = $1 and completed_at is null and condition is not distinct from $2::text
       and table_oid is not distinct from ${boundTable}
       and started_at >= (select s.captured_since from ${table}.stages s where s.category = $1)
       and exists (select from ${table}.backfill_ranges r where r.category = b.category and not r.done)
     returning 1`,
    [category, condition ?? null],
  );
  if (known) return;
  const fresh = JSON.stringify((await ranges()).map(({ after, until }, range) => ({ range, after, until })));
  await sql.execute(
    `with begun as (
       insert into ${table}.backfills as b (category, condition, table_oid) values ($1, $2, ${boundTable})
       on conflict (category) do update set condition = $2, table_oid = excluded.table_oid, wish = null, started_at = clock_timestamp(),
         updated_at = clock_timestamp(), completed_at = null
       returning category
     ), gone as (
       delete from ${table}.backfill_ranges where category = $1 and range >= jsonb_array_length($3::jsonb)
     )
     insert into ${table}.backfill_ranges (category, range, after_key, until_key)
     select category, r.range, r.after, r.until
     from begun, jsonb_to_recordset($3::jsonb) as r (range integer, after jsonb, until jsonb)
     on conflict (category, range) do update set after_key = excluded.after_key, until_key = excluded.until_key,
       rows_seen = 0, events_written = 0, done = false`,
    [category, condition ?? null, fresh],
  );
}

/** What somebody wants of the backfill just now: one probe of an index. */
export async function currentWish(
  sql: SqlExecutor,
  schema: string,
  category: string,
): Promise<BackfillWish | null> {
  const [row] = await sql.execute<{ wish: BackfillWish | null }>(
    `select wish from ${quoteIdentifier(schema)}.backfills where category = $1`,
    [category],
  );
  return row?.wish ?? null;
}

/** @returns false where there is no backfill under way that could be asked */
export async function wishOfBackfill(
  sql: SqlExecutor,
  schema: string,
  category: string,
  wish: BackfillWish | null,
): Promise<boolean> {
  const rows = await sql.execute(
    `update ${quoteIdentifier(schema)}.backfills set wish = $2 where category = $1 and completed_at is null returning 1`,
    [category, wish],
  );
  return rows.length > 0;
}
