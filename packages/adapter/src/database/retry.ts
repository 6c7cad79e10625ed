import { setTimeout as sleep } from 'node:timers/promises';
import { BackstoryError } from '../errors.js';

/** SQLSTATEs after which the same transaction may go through: lock not available, deadlock, serialization failure. */
const transient = new Set(['55P03', '40P01', '40001']);

/** Whether a transaction failed only because it gave way to others. */
export function gaveWay(error: unknown): boolean {
  return transient.has(sqlState(error) ?? '');
}

/** PostgreSQL's code for what has gone wrong, also where it has been put into words since. */
export function sqlState(error: unknown): string | undefined {
  const { code } = (serverError(error) ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** PostgreSQL's own word for what was refused, and any other error as it is. */
export function serverError(error: unknown): unknown {
  const isExplained = BackstoryError.is(error, 'ROWS_HIDDEN') || BackstoryError.is(error, 'RIGHTS_MISSING');
  return isExplained ? (error.cause ?? error) : error;
}

/**
 * Runs `work` again while it gives way to other transactions. `onWait` hears of every attempt that didn't get its lock.
 * @throws the last error once `attempts` are used up, and any other error at once
 */
export async function retryWhileLocked<Result>(
  work: () => Promise<Result>,
  { attempts, onWait }: { attempts: number; onWait?: (attempt: number) => void | Promise<void> },
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !gaveWay(error)) throw error;
      await onWait?.(attempt);
      await sleep(Math.min(2_000, 50 * 2 ** attempt) * (0.5 + Math.random() / 2));
    }
  }
}
