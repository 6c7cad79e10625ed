import { type Database, pinSettings, retryWhileLocked, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { backfillChunk, backfillSweep } from './backfill-chunk.js';
import {
  type BackfillProgress,
  backfillState,
  beginBackfill,
  completeBackfill,
  countRows,
} from './backfill-progress.js';

export interface BackfillOptions {
  /**
   * Rows locked and written at a time. More is faster; fewer hold their locks for a shorter time.
   * @defaultValue 1000
   */
  chunkSize?: number;
  /** Hears of every chunk. */
  onProgress?: (progress: BackfillProgress) => void;
  /** Stops after the chunk that is under way; the next call goes on from there. */
  signal?: AbortSignal;
}

/** What the backfill of one category came to. */
export interface BackfillReport {
  readonly category: string;
  readonly rows: number;
  readonly events: number;
  readonly seconds: number;
  /** False when it was stopped by its signal. */
  readonly completed: boolean;
}

/**
 * Writes a first event for every row of one table that has no stream yet, while the application goes on writing.
 * Capture must be installed first. Resumable after any death and safe when started twice: the cursor moves in the
 * transaction that writes the chunk, and a first event is written once whoever comes first.
 */
export async function backfill(
  database: Database,
  schema: string,
  mapping: EntityMapping,
  { chunkSize = 1_000, onProgress, signal }: BackfillOptions = {},
): Promise<BackfillReport> {
  const startedAt = Date.now();
  const { category } = mapping;
  await beginBackfill(database, schema, category);
  const begun = await backfillState(database, schema, category);
  const total = await countRows(database, mapping);
  let rows = 0;
  let events = 0;
  const report = (completed: boolean): void => {
    const seconds = Math.max(0.001, (Date.now() - startedAt) / 1000);
    const seen = rows + (begun?.rowsSeen ?? 0);
    onProgress?.({
      category,
      rows: seen,
      total: Math.max(total, seen),
      events: events + (begun?.eventsWritten ?? 0),
      rowsPerSecond: Math.round(rows / seconds),
      secondsLeft: completed ? 0 : rows > 0 ? Math.max(0, total - seen) / (rows / seconds) : undefined,
      completed,
    });
  };

  for (let more = true; more && !signal?.aborted;) {
    const chunk = await inShortTransaction(database, (sql) => backfillChunk(sql, schema, mapping, chunkSize));
    rows += chunk.rows;
    events += chunk.events;
    more = chunk.rows === chunkSize;
    report(false);
  }
  for (let missed = 1; missed > 0 && !signal?.aborted;) {
    missed = await inShortTransaction(database, (sql) => backfillSweep(sql, schema, mapping, chunkSize));
    events += missed;
  }
  const completed = !signal?.aborted;
  if (completed) await completeBackfill(database, schema, category);
  report(completed);
  return { category, rows, events, seconds: (Date.now() - startedAt) / 1000, completed };
}

/** Never queues for long behind the application, and gives way in a deadlock. */
function inShortTransaction<Result>(
  database: Database,
  work: (sql: SqlExecutor) => Promise<Result>,
): Promise<Result> {
  return retryWhileLocked(
    () =>
      database.transaction(async (sql) => {
        await sql.execute(`set local lock_timeout = '1s'`);
        await pinSettings(sql);
        return work(sql);
      }),
    { attempts: 1_000 },
  );
}
