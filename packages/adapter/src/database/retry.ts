import { setTimeout as sleep } from 'node:timers/promises';

/** SQLSTATEs after which the same transaction may go through: lock not available, deadlock, serialization failure. */
const transient = new Set(['55P03', '40P01', '40001']);

/** Whether a transaction failed only because it gave way to others. */
export function gaveWay(error: unknown): boolean {
  return transient.has(sqlState(error) ?? '');
}

export function sqlState(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
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
