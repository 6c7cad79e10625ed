import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { Stage } from '../stages/index.js';

/** Where one aggregate stands. Counts of events and rows are PostgreSQL's estimates where exact ones would be slow. */
export interface AggregateStatus {
  readonly category: string;
  readonly entity: string;
  readonly table: string;
  readonly stage: Stage;
  readonly capturedSince: Date | null;
  readonly backfill: {
    readonly rows: number;
    readonly events: number;
    readonly completedAt: Date | null;
  } | null;
  readonly verified: { readonly at: Date; readonly rows: number; readonly drifted: number } | null;
  readonly shadow: { readonly compared: number; readonly drifted: number } | null;
}

/** One query, whatever the number of aggregates and events. */
export async function readStatus(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<AggregateStatus[]> {
  const table = quoteIdentifier(schema);
  const rows = await sql.execute<{
    category: string;
    stage: Stage;
    captured_since: Date | null;
    backfill_rows: number | null;
    backfill_events: number;
    completed_at: Date | null;
    verified_at: Date | null;
    rows_compared: number;
    verify_drifted: number;
    compared: number | null;
    shadow_drifted: number;
  }>(
    `select s.category, s.stage, s.captured_since,
       b.rows_seen as backfill_rows, b.events_written as backfill_events, b.completed_at,
       v.verified_at, v.rows_compared::float8, v.drifted::float8 as verify_drifted,
       r.compared::float8, r.drifted::float8 as shadow_drifted
     from ${table}.stages s
     left join lateral (
       select f.completed_at, sum(g.rows_seen)::float8 as rows_seen, sum(g.events_written)::float8 as events_written
       from ${table}.backfills f join ${table}.backfill_ranges g using (category)
       where f.category = s.category group by f.completed_at) b on true
     left join ${table}.verifications v using (category)
     left join ${table}.shadow_reads r on r.category = s.category and r.since = s.changed_at`,
  );
  const byCategory = new Map(rows.map((row) => [row.category, row]));
  return mappings.map((mapping) => {
    const row = byCategory.get(mapping.category);
    return {
      category: mapping.category,
      entity: mapping.entity,
      table: `${mapping.table.schema}.${mapping.table.name}`,
      stage: row?.stage ?? 'off',
      capturedSince: row?.captured_since ?? null,
      backfill:
        row && row.backfill_rows !== null
          ? { rows: row.backfill_rows, events: row.backfill_events, completedAt: row.completed_at }
          : null,
      verified: row?.verified_at
        ? { at: row.verified_at, rows: row.rows_compared, drifted: row.verify_drifted }
        : null,
      shadow: row && row.compared !== null ? { compared: row.compared, drifted: row.shadow_drifted } : null,
    };
  });
}
