import { InvalidOptionsError } from '../errors.js';
import type { BackfillProgress } from './backfill-progress.js';
import type { ThrottleOptions } from './throttle.js';

export interface BackfillOptions {
  /**
   * Rows locked and written at a time. More is faster; fewer hold their locks for a shorter time.
   * @defaultValue as many as take `targetMs`, found on the way
   */
  chunkSize?: number;
  /** How long a chunk should take, and hold its locks, in milliseconds. @defaultValue 25 */
  targetMs?: number;
  /**
   * Workers, each with a range of keys and a connection of the application's pool. More than the server has idle
   * processors makes nothing faster.
   * @defaultValue 1
   */
  parallel?: number;
  /**
   * Only rows for which this SQL condition holds; the table is called `t`. The others stay without a stream until they
   * are changed or another backfill comes, and the stages after `capture` stay closed.
   * @example where: "t.created_at > now() - interval '1 year'"
   */
  where?: string;
  /** What it waits for. @defaultValue nothing but locks */
  throttle?: ThrottleOptions;
  /** Hears of every chunk, and of every wait. */
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
  /**
   * Whether every row of the aggregate has its first event now. False when it was stopped, by its signal or from another terminal, and
   * where a condition has left rows out.
   */
  readonly completed: boolean;
  /** Whether it has done all that it was asked for: false when it was stopped. */
  readonly finished: boolean;
  /** Why nothing of it was looked at, in words, such as that its table is gone; absent where it was. */
  readonly unseen?: string;
}

/** Of an aggregate that can't be looked at: none of its rows has got an event. */
export function notBackfilled({ category, reason }: { category: string; reason: string }): BackfillReport {
  return { category, rows: 0, events: 0, seconds: 0, completed: false, finished: false, unseen: reason };
}

/** @throws InvalidOptionsError */
export function validate({ chunkSize, targetMs, parallel, throttle = {} }: BackfillOptions): void {
  for (const [name, value] of Object.entries({ chunkSize, targetMs, parallel })) {
    if (value === undefined || (Number.isInteger(value) && value > 0)) continue;
    throw new InvalidOptionsError(
      `${name}: ${value} is no positive whole number.`,
      'Give one, or leave it out.',
    );
  }
  const { rowsPerSecond, maxReplicaLagSeconds, maxActiveConnections } = throttle;
  for (const [name, value] of Object.entries({ rowsPerSecond, maxReplicaLagSeconds })) {
    if (value === undefined || value > 0) continue;
    throw new InvalidOptionsError(
      `throttle.${name}: ${value} is not above 0.`,
      'Give more, or leave it out.',
    );
  }
  if (maxActiveConnections !== undefined && !(maxActiveConnections >= 0)) {
    throw new InvalidOptionsError(
      `throttle.maxActiveConnections: ${maxActiveConnections} is no number of connections.`,
      'Use 0 or more.',
    );
  }
}
