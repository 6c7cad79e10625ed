import { readUnsettledFailures, type UnsettledFailures } from '../capture/index.js';
import {
  type Database,
  estimateRows,
  type ReplayPlace,
  type SqlExecutor,
  whyReadOnly,
} from '../database/index.js';
import { type Drift, recordDrifts } from '../drift/index.js';
import { type EntityMapping, knownTables } from '../mapping/index.js';
import { operate, type Progress } from '../observation/index.js';
import { knownFingerprintSql } from '../stages/index.js';
import { findDrift } from './find-drift.js';
import { firstEventsDue } from './first-events-due.js';
import { inOneSnapshot } from './in-one-snapshot.js';
import { refuseUnknownStreams } from './refuse-unknown-streams.js';
import { lastVerification, recordVerification, seenCaptureFailures } from './verifications.js';
import { readUntracked, type UntrackedDeletions } from './untracked-ends.js';
import { validate, type VerifyOptions } from './verify-options.js';
import { changedSince, everything, ofStreams, sampled, type VerifyScope } from './verify-scope.js';

/** What verify found for one category. */
export interface AggregateVerification {
  readonly category: string;
  /** Compared, in all its tables. */
  readonly rows: number;
  /** Of the aggregates that are there. */
  readonly streams: number;
  /** How many streams, or parts of them, differ from their row. */
  readonly drifted: number;
  readonly drift: readonly Drift[];
  /**
   * Rows that have no event at all while the backfill isn't complete. Not drift: `backstory.backfill()` gives them their
   * first event, and repair leaves them to it.
   */
  readonly withoutFirstEvent: number;
  /** What was deleted without an event for each, on purpose, and is not drift for that. Absent where there is nothing. */
  readonly untracked?: readonly UntrackedDeletions[];
  /**
   * Writes whose capture has failed, and that no verify has settled: with them it isn't clean, whatever was compared. A verify that has compared everything
   * and found nothing settles those that it has seen. Absent where there are none.
   */
  readonly captureFailures?: UnsettledFailures;
  /** Whether every row and every stream was compared, and not only some. */
  readonly complete: boolean;
  /** Whether the result was kept, for `status`, `doctor` and the stages. Not on a server that takes no writes, such as a standby, and not of a table that is the entity's no more. */
  readonly recorded: boolean;
}

export interface VerificationReport {
  /**
   * Every fold equals its row, nothing is missing on either side, no first event either, no failure of capture is unsettled, and all that was asked for
   * was seen: at least one aggregate. Those that are off count for nothing.
   */
  readonly clean: boolean;
  readonly aggregates: readonly AggregateVerification[];
  /** Categories that are off, where all were asked for: their rows may have changed without an event, so nothing is said of them. */
  readonly off: readonly string[];
  /** What is captured and could not be compared, such as an aggregate whose table is gone. */
  readonly unseen: readonly Unseen[];
  /**
   * Categories that were not compared to their end, because the signal has stopped it. Nothing is said of them, and nothing was recorded.
   * Absent where it came to its end.
   */
  readonly unfinished?: readonly string[];
  /**
   * On a standby: how far it had come when it began. What was compared is what it has replayed, and nothing is said of what the primary has by
   * now. Absent on any other server.
   */
  readonly standby?: ReplayPlace;
}

/** An aggregate that could not be looked at, and why in words. */
export interface Unseen {
  readonly category: string;
  readonly reason: string;
}

export function verificationReport(
  aggregates: readonly AggregateVerification[],
  {
    off,
    unseen,
    unfinished,
    standby,
  }: {
    off: readonly string[];
    unseen: readonly Unseen[];
    unfinished: readonly string[];
    standby: ReplayPlace | undefined;
  },
): VerificationReport {
  const isClean = aggregates.every(
    ({ drifted, withoutFirstEvent, captureFailures }) =>
      drifted + withoutFirstEvent === 0 && !captureFailures,
  );
  return {
    clean: aggregates.length > 0 && isClean && unseen.length === 0 && unfinished.length === 0,
    aggregates,
    off,
    unseen: unseen.map(({ category, reason }) => ({ category, reason })),
    ...(unfinished.length > 0 && { unfinished }),
    ...(standby && { standby }),
  };
}

/**
 * Proves that the fold of every stream of one category equals its row, in one snapshot, inside the database: by checksums
 * of either side, and row by row only where these differ. Runs beside live traffic without a false alarm, because an event
 * commits with its row. Records the result, where the server takes writes.
 * @throws InvalidOptionsError
 * @throws BackstoryError AGGREGATE_NOT_FOUND for a stream that is nowhere
 * @throws StoppedError when the signal comes first: then nothing is recorded
 */
export async function verifyAggregate(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  options: VerifyOptions = {},
  /** Whether the result is a proof of what the application has, and kept. */
  isProof = true,
): Promise<AggregateVerification> {
  validate(options);
  return operate(
    () => ({ name: 'verify', attributes: { category: mapping.category } }),
    () => verifyAndRecord(database, schema, mapping, options, isProof),
    ({ rows, streams, drifted, withoutFirstEvent }) => ({ rows, streams, drifted, withoutFirstEvent }),
  );
}

type Counted = Omit<AggregateVerification, 'category' | 'complete' | 'recorded' | 'captureFailures'>;
type Compared = Counted & {
  readonly fingerprint: string | null;
  readonly scope: VerifyScope;
  readonly seenFailures: string;
};

/** Tells whoever listens how many rows were compared. */
async function hearing(
  sql: SqlExecutor,
  { category, table, parts }: EntityMapping,
  scope: VerifyScope,
  { onProgress }: VerifyOptions,
): Promise<(rows: number) => void> {
  if (!onProgress) return () => undefined;
  const oids = [table.oid, ...parts.map((part) => part.table.oid)];
  const total = scope === everything ? await estimateRows(sql, oids) : undefined;
  const heard = (done: number): void => {
    const progress: Progress = { category, done, unit: 'rows' };
    onProgress(total === undefined ? progress : { ...progress, total });
  };
  heard(0);
  return heard;
}

async function verifyAndRecord(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  options: VerifyOptions,
  isProof: boolean,
): Promise<AggregateVerification> {
  const { category } = mapping;
  const { since, ...moments } = await lastVerification(database, schema, category);
  const chosen = scopeOf(schema, category, options, since);
  const compare = async (sql: SqlExecutor): Promise<Compared> => {
    if (options.streamIds) await refuseUnknownStreams(sql, schema, mapping, options.streamIds);
    const heard = await hearing(sql, mapping, chosen, options);
    const compared = (of: VerifyScope): ReturnType<typeof compareAggregate> =>
      compareAggregate(sql, schema, mapping, of, options.limit ?? 100, heard);
    const fingerprint = await knownFingerprint(sql, schema, mapping);
    const seenFailures = await seenCaptureFailures(sql, schema, category);
    const some = await compared(chosen);
    if (options.sample === undefined || some.rows + some.streams > 0)
      return { fingerprint, seenFailures, scope: chosen, ...some };
    return { fingerprint, seenFailures, scope: everything, ...(await compared(everything)) };
  };
  const compared = await inOneSnapshot(database, chosen, compare, options.signal);
  const { fingerprint, scope, seenFailures, ...found } = compared;
  const recorded = isProof && (await whyReadOnly(database)) === undefined;
  const verification = { category, ...found, complete: scope === everything, recorded };
  if (recorded) {
    await database.transaction(async (sql) => {
      await recordVerification(sql, schema, verification, fingerprint, { ...moments, seenFailures });
      await recordDrifts(sql, schema, verification.drift, 'verify');
    });
  }
  const captureFailures = (await readUnsettledFailures(database, schema, category)).get(category);
  return { ...verification, ...(captureFailures && { captureFailures }) };
}

function scopeOf(
  schema: string,
  category: string,
  { sample = 1, sinceLast, streamIds }: VerifyOptions,
  since: string | null,
): VerifyScope {
  if (streamIds) return ofStreams(streamIds);
  if (sample < 1) return sampled(sample);
  return sinceLast && since ? changedSince(schema, category, since) : everything;
}

/** What it is a proof of: the tables that this instance knows, as they are captured. */
async function knownFingerprint(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
): Promise<string | null> {
  const [row] = await sql.execute<{ fingerprint: string | null }>(
    `select ${knownFingerprintSql(schema, mapping.category, knownTables(mapping))} as fingerprint`,
  );
  return row?.fingerprint ?? null;
}

/** The table of the root and those of its parts. */
async function compareAggregate(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  scope: VerifyScope,
  limit: number,
  heard: (rows: number) => void,
): Promise<Counted> {
  const due = await firstEventsDue(sql, schema, root, scope);
  const found = {
    rows: due.rows,
    streams: 0,
    drifted: 0,
    drift: [] as readonly Drift[],
    withoutFirstEvent: due.rows,
  };
  for (const mapping of [root, ...root.parts]) {
    const before = found.rows;
    const { rows, states, drifted, drift } = await findDrift(
      sql,
      schema,
      mapping,
      due.others,
      limit,
      (some) => heard(before + some),
    );
    found.rows += rows;
    heard(found.rows);
    if (mapping === root) found.streams = states;
    found.drifted += drifted;
    found.drift = [...found.drift, ...drift].slice(0, limit);
  }
  const untracked = await readUntracked(sql, schema, root);
  return { ...found, ...(untracked.length > 0 && { untracked }) };
}
