import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Database,
  gaveWay,
  lockHolders,
  pinSettings,
  quoteTable,
  rowLockHolder,
  type SqlExecutor,
  sqlState,
} from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { type EntityMapping, rowsOfStreamsSql } from '../mapping/index.js';
import { operate } from '../observation/index.js';
import { backfillChunk } from './backfill-chunk.js';
import { finishBackfill } from './finish-backfill.js';
import { countRows } from './backfill-progress.js';
import { type BackfillOptions, type BackfillReport, validate } from './backfill-options.js';
import { backfillState, type BackfillWish, beginBackfill, currentWish } from './backfill-state.js';
import { missedRows, writeMissed } from './backfill-sweep.js';
import { keyRanges } from './key-ranges.js';
import { Pace } from './pace.js';
import { reasonToWait } from './throttle.js';

/** Looks so often whether what it waits for is over. */
const lookAgainMs = 500;
/** Hears so soon that somebody wants it to pause or to stop. */
const listenEveryMs = 100;
/** So long it tries to reach a database that is gone. */
const patienceMs = 60_000;
const chunkSettings = [
  // Below the default deadlock_timeout of the application: where both wait for each other, the backfill gives way first.
  "lock_timeout = '500ms'",
  // A crash of the server may lose the last chunks, each together with its move of the cursor: they are written again.
  // Nobody can build on one and keep what he built, since his own commit takes everything before it to the disk.
  'synchronous_commit = off',
];
const defaultTargetMs = 25;
/** Of a statement that took longer than statement_timeout, or was cancelled by hand. */
const canceled = '57014';

/**
 * Writes a first event for every row of one table that has no stream yet, while the application goes on writing.
 * Capture must be installed first. Resumable after any death and safe when started twice: the cursor moves in the
 * transaction that writes the chunk, and a first event is written once whoever comes first.
 * @throws InvalidOptionsError
 */
export async function backfill(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  options: BackfillOptions = {},
): Promise<BackfillReport> {
  validate(options);
  const run = new Run(database, schema, mapping, options);
  return operate(
    () => ({ name: 'backfill', attributes: { category: mapping.category } }),
    () => run.whole(),
    ({ rows, events, completed }) => ({ rows, events, completed }),
  );
}

/** One call of {@link backfill}. */
class Run {
  private readonly startedAt = Date.now();
  private readonly before = { rows: 0, events: 0 };
  private rows = 0;
  private events = 0;
  private total = 0;
  private stopped = false;
  private lostSince: number | undefined;
  private listenedAt = 0;
  /** When the next chunk may begin, so that there are not too many rows a second. */
  private nextChunkAt = 0;

  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly mapping: EntityMapping,
    private readonly options: BackfillOptions,
  ) {}

  async whole(): Promise<BackfillReport> {
    const { category } = this.mapping;
    const { where, parallel = 1 } = this.options;
    this.total = await this.reach(() => countRows(this.database, this.mapping, where));
    const begin = (): Promise<void> =>
      this.database.transaction(async (sql) => {
        // bounds are kept as text
        await pinSettings(sql);
        await beginBackfill(sql, this.schema, category, where, () =>
          keyRanges(sql, this.mapping, parallel, this.total),
        );
      });
    await this.reach(begin);
    const { rowsSeen, eventsWritten, open } = await this.reach(() =>
      backfillState(this.database, this.schema, category),
    );
    Object.assign(this.before, { rows: rowsSeen, events: eventsWritten });
    const waiting = [...open];
    const worker = async (): Promise<void> => {
      for (let range = waiting.shift(); range !== undefined; range = waiting.shift()) await this.walk(range);
    };
    await Promise.all(Array.from({ length: Math.min(parallel, open.length) }, worker));
    await this.sweep();
    const finished = !this.isStopped();
    const completed =
      finished && (await this.reach(() => finishBackfill(this.database, this.schema, category)));
    this.report({ completed: finished });
    return {
      category,
      rows: this.rows,
      events: this.events,
      seconds: (Date.now() - this.startedAt) / 1000,
      completed,
      finished,
    };
  }

  private async walk(range: number): Promise<void> {
    const { chunkSize, targetMs = defaultTargetMs, where, throttle } = this.options;
    const pace = chunkSize ? Pace.fixed(chunkSize) : new Pace(targetMs, throttle?.rowsPerSecond);
    for (let more = true; more && (await this.mayGoOn());) {
      const { size } = pace;
      let begun = Date.now();
      const chunk = await this.attempt((sql) => {
        begun = Date.now();
        return backfillChunk(sql, this.schema, this.mapping, range, size, where);
      }).catch((error: unknown) => {
        if (sqlState(error) !== canceled || !pace.shrink()) throw error;
        this.report({ completed: false, waitingFor: 'nothing: a chunk was cancelled, the next are smaller' });
        return undefined;
      });
      if (!chunk) continue;
      more = chunk.more;
      if (more) pace.next(size, Date.now() - begun);
      this.rows += chunk.rows;
      this.events += chunk.events;
      this.keepRate(chunk.rows);
      this.report({ completed: false });
    }
  }

  /** Until no row is without its first event. Those that others have locked are waited for one by one, holding nothing. */
  private async sweep(): Promise<void> {
    const { database, schema, mapping } = this;
    for (;;) {
      if (!(await this.mayGoOn())) return;
      let missed = await this.attempt(async (sql) => {
        // looks through the whole table, and locks no row
        await sql.execute('set local statement_timeout = 0');
        return missedRows(sql, schema, mapping, this.options.where);
      });
      if (!missed || missed.length === 0) {
        if (missed) return;
        continue;
      }
      while (missed.length > 0 && (await this.mayGoOn())) {
        const ids: string[] = missed;
        const done = await this.attempt((sql) => writeMissed(sql, schema, mapping, ids));
        if (!done) continue;
        missed = done.locked;
        this.events += done.events;
        this.keepRate(done.events);
        const [first] = missed;
        if (done.events > 0 || first === undefined) continue;
        const row = `${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$1')}`;
        const holder = await this.reach(() => rowLockHolder(database, row, [[first]]));
        const waited = await this.attempt((sql) => writeMissed(sql, schema, mapping, [first], true), holder);
        this.events += waited?.events ?? 0;
      }
    }
  }

  /** Waits while it has to; false when it shall stop. */
  private async mayGoOn(): Promise<boolean> {
    for (;;) {
      if (this.isStopped()) return false;
      if (this.hasJustListened()) return true;
      const { wish, throttled } = await this.look();
      if (wish === 'stop') this.stopped = true;
      if (this.isStopped()) return false;
      const reason = wish === 'pause' ? 'somebody who has paused it' : throttled;
      const tooEarly = this.nextChunkAt - Date.now();
      if (!reason && tooEarly <= 0) return true;
      this.listenedAt = 0;
      if (reason) this.report({ completed: false, waitingFor: reason });
      await this.pause(reason ? lookAgainMs : Math.min(lookAgainMs, tooEarly));
    }
  }

  private look(): Promise<{ wish: BackfillWish | null; throttled: string | undefined }> {
    const { throttle } = this.options;
    this.listenedAt = Date.now();
    return this.reach(async () => ({
      wish: await currentWish(this.database, this.schema, this.mapping.category),
      throttled: throttle && (await reasonToWait(this.database, throttle)),
    }));
  }

  private hasJustListened(): boolean {
    return !this.options.throttle && Date.now() - this.listenedAt < listenEveryMs;
  }

  private isStopped(): boolean {
    return this.stopped || (this.options.signal?.aborted ?? false);
  }

  private keepRate(rows: number): void {
    const rate = this.options.throttle?.rowsPerSecond;
    if (rate) this.nextChunkAt = Math.max(this.nextChunkAt, Date.now()) + (rows / rate) * 1000;
  }

  private report(now: { completed: boolean; waitingFor?: string }): void {
    const { rows, events, before, total } = this;
    const seconds = Math.max(0.001, (Date.now() - this.startedAt) / 1000);
    const seen = rows + before.rows;
    this.options.onProgress?.({
      category: this.mapping.category,
      rows: seen,
      total: Math.max(total, seen),
      events: events + before.events,
      rowsPerSecond: Math.round(rows / seconds),
      secondsLeft: now.completed ? 0 : rows > 0 ? Math.max(0, total - seen) / (rows / seconds) : undefined,
      ...now,
    });
  }

  /**
   * A transaction that never queues for long behind the application. Undefined when it gave way:
   * whoever calls looks whether it may go on, and tries again.
   */
  private async attempt<Result>(
    work: (sql: SqlExecutor) => Promise<Result>,
    holder?: string,
  ): Promise<Result | undefined> {
    const transaction = (): Promise<Result> =>
      this.database.transaction(async (sql) => {
        await pinSettings(sql, chunkSettings);
        return work(sql);
      });
    try {
      return await this.reach(transaction);
    } catch (error) {
      if (!gaveWay(error)) throw error;
      this.report({ completed: false, waitingFor: holder ?? (await this.lockHolders()) });
      return undefined;
    }
  }

  private lockHolders(): Promise<string> {
    const tables = [this.mapping, ...this.mapping.parts].map(({ table }) => table.oid);
    return this.reach(() => lockHolders(this.database, tables));
  }

  /** Tries again where the connection is lost. What was committed unheard is not done twice: the cursor has moved with it. */
  private async reach<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        const result = await work();
        this.lostSince = undefined;
        return result;
      } catch (error) {
        if (!BackstoryError.is(error, 'DATABASE_UNREACHABLE')) throw error;
        await this.waitForDatabase(error);
      }
    }
  }

  /** A connection that was terminated, a server that starts again, a failover: nothing is lost but the chunk. */
  private async waitForDatabase(error: BackstoryError): Promise<void> {
    this.lostSince ??= Date.now();
    if (this.isStopped() || Date.now() - this.lostSince > patienceMs) throw error;
    this.report({ completed: false, waitingFor: 'the database, which closed the connection' });
    await this.pause(lookAgainMs);
  }

  private async pause(ms: number): Promise<void> {
    const { signal } = this.options;
    await sleep(ms, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  }
}
