import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Database,
  lockHolders,
  pinSettings,
  retryWhileLocked,
  type SqlExecutor,
} from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { backfillChunk, backfillSweep } from './backfill-chunk.js';
import { countRows } from './backfill-progress.js';
import { type BackfillOptions, type BackfillReport, validate } from './backfill-options.js';
import { backfillState, beginBackfill, completeBackfill } from './backfill-state.js';
import { keyRanges } from './key-ranges.js';
import { Pace } from './pace.js';
import { reasonToWait } from './throttle.js';

/** Looks so often whether what it waits for is over. */
const lookAgainMs = 500;

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
  return run.whole();
}

/** One call of {@link backfill}. */
class Run {
  private readonly startedAt = Date.now();
  private readonly before = { rows: 0, events: 0 };
  private rows = 0;
  private events = 0;
  private total = 0;
  private stopped = false;
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
    this.total = await countRows(this.database, this.mapping, where);
    await this.database.transaction((sql) =>
      beginBackfill(sql, this.schema, category, where, () =>
        keyRanges(sql, this.mapping, parallel, this.total),
      ),
    );
    const { rowsSeen, eventsWritten, open } = await backfillState(this.database, this.schema, category);
    Object.assign(this.before, { rows: rowsSeen, events: eventsWritten });
    const waiting = [...open];
    const worker = async (): Promise<void> => {
      for (let range = waiting.shift(); range !== undefined; range = waiting.shift()) await this.walk(range);
    };
    await Promise.all(Array.from({ length: Math.min(parallel, open.length) }, worker));
    await this.sweep();
    const completed = !this.isStopped();
    if (completed) await completeBackfill(this.database, this.schema, category);
    this.report({ completed });
    return {
      category,
      rows: this.rows,
      events: this.events,
      seconds: (Date.now() - this.startedAt) / 1000,
      completed,
    };
  }

  private async walk(range: number): Promise<void> {
    const { chunkSize, targetMs = 200, where, throttle } = this.options;
    const pace = new Pace(targetMs, throttle?.rowsPerSecond);
    for (let more = true; more && (await this.mayGoOn());) {
      const size = chunkSize ?? pace.size;
      const begun = Date.now();
      const { rows, events } = await this.inShortTransaction((sql) =>
        backfillChunk(sql, this.schema, this.mapping, range, size, where),
      );
      pace.next(rows, Date.now() - begun);
      this.rows += rows;
      this.events += events;
      this.keepRate(rows);
      more = rows === size;
      this.report({ completed: false });
    }
  }

  private async sweep(): Promise<void> {
    const { chunkSize = 1_000, where } = this.options;
    for (let missed = 1; missed > 0 && (await this.mayGoOn());) {
      missed = await this.inShortTransaction((sql) =>
        backfillSweep(sql, this.schema, this.mapping, chunkSize, where),
      );
      this.events += missed;
      this.keepRate(missed);
    }
  }

  /** Waits while it has to; false when it shall stop. */
  private async mayGoOn(): Promise<boolean> {
    const { throttle, signal } = this.options;
    for (;;) {
      const { wish } = await backfillState(this.database, this.schema, this.mapping.category);
      if (wish === 'stop') this.stopped = true;
      if (this.isStopped()) return false;
      const reason =
        wish === 'pause'
          ? 'somebody who has paused it'
          : throttle && (await reasonToWait(this.database, throttle));
      const tooEarly = this.nextChunkAt - Date.now();
      if (!reason && tooEarly <= 0) return true;
      if (reason) this.report({ completed: false, waitingFor: reason });
      await sleep(reason ? lookAgainMs : Math.min(lookAgainMs, tooEarly), undefined, {
        ...(signal && { signal }),
      }).catch(() => undefined);
    }
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

  /** Never queues for long behind the application, and gives way in a deadlock. */
  private inShortTransaction<Result>(work: (sql: SqlExecutor) => Promise<Result>): Promise<Result> {
    return retryWhileLocked(
      () =>
        this.database.transaction(async (sql) => {
          await sql.execute(`set local lock_timeout = '1s'`);
          await pinSettings(sql);
          return work(sql);
        }),
      {
        attempts: 1_000,
        onWait: async () => {
          const tables = [this.mapping, ...this.mapping.parts].map(({ table }) => table.oid);
          this.report({ completed: false, waitingFor: await lockHolders(this.database, tables) });
        },
      },
    );
  }
}
