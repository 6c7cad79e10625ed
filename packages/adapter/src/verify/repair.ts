import { lockStreamEnds } from '../capture/index.js';
import {
  type Database,
  gaveWay,
  pinSettings,
  requireGoing,
  retryWhileLocked,
  type SqlExecutor,
  StoppedError,
} from '../database/index.js';
import { type Drift, driftName } from '../drift/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';
import type { ProgressOptions } from '../observation/index.js';
import { appendCorrections } from './append-corrections.js';
import { compare } from './compare.js';
import { correctRows, setsIdentity } from './correct-rows.js';
import { fillGaps } from './fill-gaps.js';
import { findDrift } from './find-drift.js';
import { firstEventsDue } from './first-events-due.js';
import { inOneSnapshot } from './in-one-snapshot.js';
import { lockRows } from './lock-rows.js';
import { refuseFailedCaptures } from './refuse-failed-captures.js';
import { refuseUnknownStreams } from './refuse-unknown-streams.js';
import type { Unseen } from './verify.js';
import { everything, ofStreams, type VerifyScope } from './verify-scope.js';

/** What it hears of are streams of a table that differ. The search for them is stopped at once, corrections behind their batch. */
export interface RepairOptions extends ProgressOptions {
  /** Only says what would be done. @defaultValue false */
  dryRun?: boolean;
  /**
   * Which side is right. `table`: events are appended to the streams, the application's data stays. `events`: the rows are
   * written, where somebody has changed them behind everybody's back; the application's own triggers and constraints
   * apply, and excluded columns of rows that are inserted get their defaults.
   * @defaultValue 'table'
   */
  truth?: 'table' | 'events';
  /**
   * Whether values that were erased from the events come back from the rows, where these still have them. Otherwise they are no drift.
   * @defaultValue false
   */
  restoreErased?: boolean;
  /** Who repairs. @defaultValue the database role */
  by?: string;
  reason?: string;
  /** Only these streams. @defaultValue every drifted stream */
  streamIds?: readonly string[];
}

/** What repair has settled, or would settle. */
export interface RepairReport {
  readonly category: string;
  /** Each with its values before: of the row, and of the replay. */
  readonly repaired: readonly Drift[];
  /** What it can't settle: events out of order in the log, and with the events as the truth, streams with gaps. */
  readonly left: readonly Drift[];
  /** Rows that have no event at all while the backfill isn't complete: left to `backstory.backfill()`. */
  readonly withoutFirstEvent: number;
  readonly dryRun: boolean;
  /** Why nothing of it was looked at, in words, such as rows that a policy hides; absent where it was. */
  readonly unseen?: string;
  /** It was stopped by its signal: there may be more that differs than it names. */
  readonly stopped?: true;
}

/** Of an aggregate that can't be seen whole: nothing is said of it, and nothing done. */
export function notRepaired(
  { category, reason }: Unseen,
  { dryRun = false }: Pick<RepairOptions, 'dryRun'>,
): RepairReport {
  return { category, repaired: [], left: [], withoutFirstEvent: 0, dryRun, unseen: reason };
}

/** Rows locked, and corrected, in one transaction. */
const batchSize = 500;
/** Drifts looked for in one pass over the whole table. */
const driftsPerPass = 50_000;

/**
 * Settles drift. With the table as the truth it appends to each stream what differs, a full state where there is no living
 * stream, or the deletion where the row is gone, and fills gaps; with the events as the truth it writes the rows. Events
 * that were written are never changed, and rows whose first event is due are left to the backfill. Each row is locked and compared again first, so that live writers are not overtaken.
 * @throws BackstoryError REPAIR_FAILED when a stream differs although it was corrected, and of a row that is to be what its events say where a write of it went
 * on although its capture had failed; AGGREGATE_NOT_FOUND for one that is nowhere
 */
export async function repairAggregate(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { dryRun = false, truth = 'table', restoreErased = false, by, reason } = options;
  if (!['table', 'events'].includes(truth))
    throw new InvalidOptionsError(`truth: "${truth}" is neither side.`, `Use 'table' or 'events'.`);
  if (truth === 'events' && !mapping.foldsInSql) {
    throw new InvalidOptionsError(
      `The events of "${mapping.knownAs}" are upcast by code, so rows can't be written from them inside the database.`,
      'Repair with the table as the truth, or write the row in the application with what backstory.load() gives.',
    );
  }
  const metadata = { origin: 'repair', ...(by && { actor: by }), ...(reason && { reason }) };
  const repaired: Drift[] = [];
  const left: Drift[] = [];
  if (restoreErased && truth === 'events') {
    throw new InvalidOptionsError(
      'restoreErased is for the table as the truth: the events have lost what it would restore.',
      "Leave it out, or repair with truth: 'table'.",
    );
  }
  const chosen = options.streamIds ? ofStreams(options.streamIds) : everything;
  const scope: VerifyScope = restoreErased ? { ...chosen, comparesErased: true } : chosen;
  const report = { category: mapping.category, repaired, left, withoutFirstEvent: 0, dryRun };
  try {
    const begin = async (sql: SqlExecutor): ReturnType<typeof firstEventsDue> => {
      if (options.streamIds) await refuseUnknownStreams(sql, schema, mapping, options.streamIds);
      return firstEventsDue(sql, schema, mapping, scope);
    };
    const due = await inOneSnapshot(database, scope, begin, options.signal);
    report.withoutFirstEvent = due.rows;
    for (const table of [mapping, ...mapping.parts]) {
      const repair = new TableRepair(database, schema, table, truth, due.others, metadata, options);
      await repair.run(dryRun, report);
    }
  } catch (error) {
    if (error instanceof StoppedError) return { ...report, stopped: true };
    throw error;
  }
  return report;
}

class TableRepair {
  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly mapping: EntityMapping,
    private readonly truth: 'table' | 'events',
    private readonly scope: VerifyScope,
    private readonly metadata: object,
    private readonly following: ProgressOptions,
  ) {}

  /** Adds to the report what it has settled, also when it throws. @throws StoppedError */
  async run(dryRun: boolean, report: { readonly repaired: Drift[]; readonly left: Drift[] }): Promise<void> {
    const repaired = new Map<string, Drift>();
    try {
      const found = await this.settleAll(dryRun, repaired);
      report.left.push(...found.left);
      if (dryRun) report.repaired.push(...found.drift);
    } finally {
      report.repaired.push(...repaired.values());
    }
  }

  /** @returns what was found last: of a dry run all of it */
  private async settleAll(
    dryRun: boolean,
    repaired: Map<string, Drift>,
  ): Promise<{ readonly drift: readonly Drift[]; readonly left: readonly Drift[] }> {
    this.heard(0);
    for (let done = 0; ;) {
      const found = await this.find();
      const left = found.filter((drift) => !this.canBeSettled(drift));
      const drift = found.filter((each) => this.canBeSettled(each));
      const stubborn = drift.find((each) => repaired.has(driftName(each)));
      if (stubborn) {
        throw new BackstoryError(
          'REPAIR_FAILED',
          `${driftName(stubborn)} still differs from its row after a correction (${Object.keys(stubborn.properties).join(', ')}).`,
          'Is capture switched off for the table while the application writes? Run "npx backstory install" and repair again.',
        );
      }
      if (dryRun && this.truth === 'events')
        await refuseFailedCaptures(this.database, this.schema, this.mapping, drift);
      if (dryRun || drift.length === 0) return { drift, left };
      const ids = [...new Set(drift.map(({ streamId }) => streamId))];
      const total = done + ids.length;
      this.heard(done, total);
      for (let start = 0; start < ids.length; start += batchSize) {
        const batch = ids.slice(start, start + batchSize);
        await this.settle(batch, repaired);
        this.heard((done += batch.length), total);
      }
    }
  }

  private heard(done: number, total?: number): void {
    const { category } = this.mapping;
    this.following.onProgress?.({ category, done, unit: 'streams', ...(total !== undefined && { total }) });
  }

  /** The order of the log is what consumers have seen, and a row can't be made from a stream that can't be replayed. */
  private canBeSettled({ kind }: Drift): boolean {
    return kind !== 'order' && !(kind === 'gap' && this.truth === 'events');
  }

  private of(ids: readonly string[]): VerifyScope {
    const { comparesErased } = this.scope;
    return { ...ofStreams(ids), ...(comparesErased && { comparesErased }) };
  }

  private async find(): Promise<readonly Drift[]> {
    const { database, schema, mapping, scope } = this;
    const { drift } = await inOneSnapshot(
      database,
      scope,
      (sql) => findDrift(sql, schema, mapping, scope, driftsPerPass),
      this.following.signal,
    );
    return drift;
  }

  /** Of a batch in which somebody writes all the time, the streams that are free are settled first. */
  private async settle(ids: readonly string[], repaired: Map<string, Drift>): Promise<void> {
    const requireToGoOn = (): void => requireGoing(this.following.signal);
    requireToGoOn();
    try {
      const attempts = ids.length > 1 ? 3 : 60;
      const settled = await retryWhileLocked(() => this.settleAtOnce(ids), {
        attempts,
        onWait: requireToGoOn,
      });
      for (const drift of settled) repaired.set(driftName(drift), drift);
    } catch (error) {
      if (ids.length === 1 || !gaveWay(error)) throw error;
      const half = Math.ceil(ids.length / 2);
      await this.settle(ids.slice(0, half), repaired);
      await this.settle(ids.slice(half), repaired);
    }
  }

  private settleAtOnce(ids: readonly string[]): Promise<readonly Drift[]> {
    const { schema, mapping, metadata } = this;
    return this.database.transaction(async (sql) => {
      await sql.execute(`set local lock_timeout = '20ms'`);
      await pinSettings(sql);
      await lockRows(sql, mapping.part?.root ?? mapping, ids);
      await lockStreamEnds(sql, schema, mapping.part?.root ?? mapping, ids);
      const compareAgain = async (): Promise<Drift[]> =>
        (await compare(sql, schema, mapping, this.of(ids), driftsPerPass)).drift.filter((drift) =>
          this.canBeSettled(drift),
        );
      const drift = await compareAgain();
      if (drift.length === 0) return drift;
      if (this.truth === 'events') {
        await refuseFailedCaptures(sql, schema, mapping, drift);
        await correctRows(sql, schema, mapping, drift, metadata).catch((error: unknown) => {
          throw setsIdentity(
            error,
            'REPAIR_FAILED',
            mapping,
            (settable) =>
              `${settable}, repair, and set it to ALWAYS again; or repair with the table as the truth.`,
          );
        });
        return drift;
      }
      await fillGaps(sql, schema, mapping, drift, metadata);
      const hasGaps = drift.some(({ kind }) => kind === 'gap');
      const differing = hasGaps ? await compareAgain() : drift;
      if (differing.length > 0)
        await appendCorrections(sql, schema, mapping, differing, metadata, this.scope.comparesErased);
      return drift;
    });
  }
}
