import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** How many events there are. */
export interface EventCounts {
  readonly total: number;
  readonly byCategory: ReadonlyMap<string, number>;
  /** Of each category that is not in `byCategory`; null where nothing is known of them. */
  readonly ofOthers: number | null;
  /** From PostgreSQL's statistics, as of the last ANALYZE. */
  readonly estimated: boolean;
  /** Of the newest event; '0' without any. */
  readonly lastPosition: string;
}

/** Up to this many positions counting takes milliseconds. */
const exactUpTo = 100_000;

/** Exact for a short log; for a long one from the statistics that ANALYZE leaves, without a look at the events. */
export async function countEvents(sql: SqlExecutor, schema: string): Promise<EventCounts> {
  const events = `${quoteIdentifier(schema)}.events`;
  const [span] = await sql.execute<{ last: string; positions: number }>(
    `select coalesce(max(global_position), 0)::text as last,
       coalesce(max(global_position) - min(global_position) + 1, 0)::float8 as positions from ${events}`,
  );
  const { last, positions } = span as NonNullable<typeof span>;
  if (positions > exactUpTo) return estimateEvents(sql, schema, last, positions);
  const counts = await sql.execute<{ category: string; count: number }>(
    `select category, count(*)::float8 as count from ${events} group by category`,
  );
  return {
    total: counts.reduce((sum, { count }) => sum + count, 0),
    byCategory: new Map(counts.map(({ category, count }) => [category, count])),
    ofOthers: 0,
    estimated: false,
    lastPosition: last,
  };
}

async function estimateEvents(
  sql: SqlExecutor,
  schema: string,
  lastPosition: string,
  positions: number,
): Promise<EventCounts> {
  const [statistics] = await sql.execute<{
    rows: number | null;
    categories: number | null;
    names: string[] | null;
    shares: number[] | null;
  }>(
    // scaled to the table's size of now, as the planner does
    `select case when c.reltuples > 0 then
              c.reltuples::float8 / greatest(c.relpages, 1) * pg_relation_size(c.oid) / current_setting('block_size')::float8
            end as rows,
       s.n_distinct::float8 as categories, to_jsonb(s.most_common_vals::text::text[]) as names, to_jsonb(s.most_common_freqs) as shares
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     left join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = 'category'
     where n.nspname = $1 and c.relname = 'events'`,
    [schema],
  );
  const { rows, categories, names, shares } = statistics as NonNullable<typeof statistics>;
  const total = Math.round(Math.min(rows ?? positions, positions));
  const byCategory = new Map(
    (names ?? []).map((name, index) => [name, Math.round(total * (shares?.[index] ?? 0))]),
  );
  const rest = 1 - (shares ?? []).reduce((sum, share) => sum + share, 0);
  const others = (categories ?? 0) - byCategory.size;
  return {
    total,
    byCategory,
    ofOthers: others > 0 ? Math.round((total * rest) / others) : names === null ? null : 0,
    estimated: true,
    lastPosition,
  };
}
