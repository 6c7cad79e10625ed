import { completeBackfillsSql } from '../backfill/index.js';
import { readUnsettledFailures, type UnsettledFailures } from '../capture/index.js';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { DriftKind } from '../drift/index.js';
import { type EntityMapping, withheldNames } from '../mapping/index.js';
import { captureFingerprintSql, type Stage } from '../stages/index.js';
import { readResiduals, type ResidualOptions, type ResidualStatus } from './read-residuals.js';

/** Where one aggregate stands. Counts of events and rows are PostgreSQL's estimates where exact ones would be slow. */
export interface AggregateStatus {
  readonly category: string;
  readonly entity: string;
  readonly table: string;
  readonly stage: Stage;
  /** In stages replay and events: how many of a hundred streams are replayed. Otherwise null. */
  readonly percent: number | null;
  readonly capturedSince: Date | null;
  readonly backfill: {
    readonly rows: number;
    readonly events: number;
    readonly startedAt: Date;
    readonly completedAt: Date | null;
    /** Capture was begun anew since it was complete, or the table was made again: rows may have no first event. */
    readonly outdated: boolean;
  } | null;
  readonly verified: {
    readonly at: Date;
    readonly rows: number;
    readonly drifted: number;
    /** Rows that had no event at all, while the backfill wasn't complete. */
    readonly withoutFirstEvent: number;
    /** The configuration or the tables have changed since, or capture was begun anew: it proves nothing of today. */
    readonly outdated: boolean;
  } | null;
  /** Writes that went on without an event, because `whenCaptureFails` is `record`, and that no verify has settled. Null where there are none. */
  readonly captureFailures: UnsettledFailures | null;
  /** Since the aggregate came into its stage or was begun anew in it, in streams, of what is captured today. */
  readonly shadow: {
    readonly compared: number;
    readonly drifted: number;
    /** Not compared: too many were waiting, or a policy hid rows from the role that compares. */
    readonly skipped: number;
    /** Not compared: the comparison failed. */
    readonly failed: number;
  } | null;
  /** Why it can't be looked at, in words, such as that its table is gone; absent where it can. */
  readonly unseen?: string;
  /** Properties that this application leaves out of events because they look like secrets: `User.passwordHash`. */
  readonly withheld: readonly string[];
  /** What has differed, most often first: found by verify since capture began, by shadow reads since their count did. */
  readonly differences: readonly PropertyDrift[];
  /** How much of what is written commands explain, and who writes the rest. Null before stage replay, unless a moment was asked for. */
  readonly residual: ResidualStatus | null;
}

/** How often a property differed between rows and replays. */
export interface PropertyDrift {
  readonly foundBy: string;
  readonly kind: DriftKind;
  /** Of a part: behind the path of its relation. Empty where there was no row or no event to have properties. */
  readonly property: string;
  readonly times: number;
  readonly lastFoundAt: string;
}

/** What is said of an aggregate beside where it stands; its table may be gone. */
type StatedAggregate = Pick<EntityMapping, 'category' | 'entity'> &
  Partial<Pick<EntityMapping, 'parts' | 'withheld'>> & {
    readonly table: Pick<EntityMapping['table'], 'schema' | 'name'>;
    readonly reason?: string;
  };

/** Two queries, whatever the number of aggregates and events, and one of the newest events. */
export async function readStatus(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly StatedAggregate[],
  options: ResidualOptions = {},
): Promise<AggregateStatus[]> {
  const stated = await readStanding(sql, schema, mappings);
  const residuals = await readResiduals(sql, schema, options);
  return stated.map((each) => ({ ...each, residual: residuals.get(each.category) ?? null }));
}

/** As {@link readStatus}, without a look at events. */
export async function readStanding(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly StatedAggregate[],
): Promise<Omit<AggregateStatus, 'residual'>[]> {
  const table = quoteIdentifier(schema);
  const rows = await sql.execute<{
    category: string;
    stage: Stage;
    captured_since: Date | null;
    backfill_rows: number | null;
    backfill_events: number;
    started_at: Date;
    completed_at: Date | null;
    backfill_outdated: boolean;
    verified_at: Date | null;
    rows_compared: number;
    verify_drifted: number;
    without_event: number;
    outdated: boolean;
    compared: number | null;
    shadow_drifted: number;
    skipped: number;
    failed: number;
    percent: number | null;
    differences: PropertyDrift[] | null;
  }>(
    `select s.category, s.stage, nullif(s.replay_percent, 0) as percent, s.captured_since,
       b.rows_seen as backfill_rows, b.events_written as backfill_events, b.started_at, b.completed_at,
       b.completed_at is not null and s.category not in (${completeBackfillsSql(schema)}) as backfill_outdated,
       v.verified_at, v.rows_compared::float8, v.drifted::float8 as verify_drifted, v.without_event::float8,
       (v.verified_at >= s.captured_since and v.fingerprint = ${captureFingerprintSql(schema, 's.category')}) is not true as outdated,
       r.compared::float8, r.drifted::float8 as shadow_drifted, r.skipped::float8, r.failed::float8,
       (select jsonb_agg(jsonb_build_object('foundBy', c.found_by, 'kind', c.kind, 'property', c.property,
                                            'times', c.times, 'lastFoundAt', c.last_found_at) order by c.times desc)
        from ${table}.drift_counts c
        where c.category = s.category and c.last_found_at >= s.captured_since) as differences
     from ${table}.stages s
     left join lateral (
       select f.started_at, f.completed_at, sum(g.rows_seen)::float8 as rows_seen, sum(g.events_written)::float8 as events_written
       from ${table}.backfills f join ${table}.backfill_ranges g using (category)
       where f.category = s.category group by f.started_at, f.completed_at) b on true
     left join ${table}.verifications v using (category)
     left join ${table}.shadow_reads r on r.category = s.category and r.since = s.compared_since
       and r.fingerprint = ${captureFingerprintSql(schema, 's.category')}`,
  );
  const failures = await readUnsettledFailures(sql, schema);
  const byCategory = new Map(rows.map((row) => [row.category, row]));
  return mappings.map((mapping) => {
    const row = byCategory.get(mapping.category);
    return {
      category: mapping.category,
      entity: mapping.entity,
      table: `${mapping.table.schema}.${mapping.table.name}`,
      stage: row?.stage ?? 'off',
      percent: row?.percent ?? null,
      capturedSince: row?.captured_since ?? null,
      backfill:
        row && row.backfill_rows !== null
          ? {
              rows: row.backfill_rows,
              events: row.backfill_events,
              startedAt: row.started_at,
              completedAt: row.completed_at,
              outdated: row.backfill_outdated,
            }
          : null,
      verified: row?.verified_at
        ? {
            at: row.verified_at,
            rows: row.rows_compared,
            drifted: row.verify_drifted,
            withoutFirstEvent: row.without_event,
            outdated: row.outdated,
          }
        : null,
      captureFailures: failures.get(mapping.category) ?? null,
      shadow:
        row && row.compared !== null
          ? {
              compared: row.compared,
              drifted: row.shadow_drifted,
              skipped: row.skipped,
              failed: row.failed,
            }
          : null,
      ...(mapping.reason !== undefined && { unseen: mapping.reason }),
      withheld: withheldNames(mapping),
      differences: row?.differences ?? [],
    };
  });
}
