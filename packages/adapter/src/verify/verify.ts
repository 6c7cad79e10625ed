import { type Database, pinSettings, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { type Drift, type DriftKind, recordDrifts } from '../drift/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { compareSql } from './compare-sql.js';

export interface VerifyOptions {
  /** Drifts to report one by one for each aggregate; all are counted. @defaultValue 100 */
  limit?: number;
}

/** What verify found for one category. */
export interface AggregateVerification {
  readonly category: string;
  /** In all its tables. */
  readonly rows: number;
  /** Those of the aggregates that are there. */
  readonly streams: number;
  /** How many streams, or parts of them, differ from their row. */
  readonly drifted: number;
  readonly drift: readonly Drift[];
}

export interface VerificationReport {
  /** Every fold equals its row, and nothing is missing on either side. */
  readonly clean: boolean;
  readonly aggregates: readonly AggregateVerification[];
}

/**
 * Proves that the fold of every stream of one category equals its row, in one snapshot, inside the database.
 * Runs beside live traffic without a false alarm, because an event commits with its row. Records the result.
 */
export async function verifyAggregate(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  { limit = 100 }: VerifyOptions = {},
): Promise<AggregateVerification> {
  return database.transaction(async (sql) => {
    await pinSettings(sql);
    const verification = await compareAggregate(sql, schema, mapping, limit);
    await sql.execute(
      `insert into ${quoteIdentifier(schema)}.verifications (category, rows_compared, streams_compared, drifted, verified_at)
       values ($1, $2, $3, $4, now())
       on conflict (category) do update set rows_compared = $2, streams_compared = $3, drifted = $4, verified_at = now()`,
      [mapping.category, verification.rows, verification.streams, verification.drifted],
    );
    await recordDrifts(sql, schema, verification.drift, 'verify');
    return verification;
  });
}

/** The table of the root and those of its parts. An event commits with its row, so each may have a snapshot of its own. */
async function compareAggregate(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  limit: number,
): Promise<AggregateVerification> {
  const verification = { ...(await compare(sql, schema, root, limit)) };
  for (const part of root.parts) {
    const { rows, drifted, drift } = await compare(sql, schema, part, limit);
    verification.rows += rows;
    verification.drifted += drifted;
    verification.drift = [...verification.drift, ...drift].slice(0, limit);
  }
  return verification;
}

/** The drifts among the given streams, in one table. Run inside a transaction with pinned settings. */
export async function compare(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  limit: number,
  onlyStreams?: readonly string[],
): Promise<AggregateVerification> {
  const [result] = await sql.execute<{
    rows: number;
    drifted: number;
    missingEvents: number;
    missingRows: number;
    drifts: { stream_id: string; row_id: string; kind: DriftKind; properties: Drift['properties'] | null }[];
  }>(compareSql(mapping, schema, onlyStreams !== undefined), onlyStreams ? [limit, onlyStreams] : [limit]);
  const { rows, drifted, missingEvents, missingRows, drifts } = result as NonNullable<typeof result>;
  return {
    category: mapping.category,
    rows,
    streams: rows - missingEvents + missingRows,
    drifted,
    drift: drifts.map(({ stream_id, row_id, kind, properties }) => ({
      category: mapping.category,
      streamId: stream_id,
      ...(mapping.part && { part: { path: mapping.part.path, id: row_id } }),
      kind,
      properties: properties ?? {},
    })),
  };
}
