import { sqlState } from './retry.js';
import type { Database, SqlExecutor } from './sql-executor.js';

/** The signal has come before the work was done. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';
  constructor(cause?: unknown) {
    super('It was stopped by its signal.', { cause });
  }
}

/** @throws StoppedError where the signal has come */
export function requireGoing(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new StoppedError();
}

/**
 * As `database.snapshot`, for questions that take long: when the signal comes, the statement that is under way is cancelled, and no other
 * one begins. Where the pool has no second connection, the statement ends first.
 * @throws StoppedError
 */
export function stoppableSnapshot<Result>(
  database: Database,
  signal: AbortSignal | undefined,
  work: (sql: SqlExecutor) => Promise<Result>,
): Promise<Result> {
  if (!signal) return database.snapshot(work);
  return database.snapshot(async (sql) => {
    requireGoing(signal);
    const [own] = await sql.execute<{ pid: number }>('select pg_backend_pid() as pid');
    let isOver = false;
    let cancelled: Promise<unknown> | undefined;
    // asked for with a connection in hand: one that came late would end a statement of somebody else
    const cancel = (): void => {
      const asked = database.snapshot(async (other) => {
        if (isOver) return;
        cancelled = other.execute('select pg_cancel_backend($1)', [own?.pid]);
        await cancelled;
      });
      asked.catch(() => undefined);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await work(unlessStopped(sql, signal));
    } catch (error) {
      throw signal.aborted && sqlState(error) === '57014' ? new StoppedError(error) : error;
    } finally {
      isOver = true;
      signal.removeEventListener('abort', cancel);
      await cancelled?.catch(() => undefined);
    }
  });
}

function unlessStopped(sql: SqlExecutor, signal: AbortSignal): SqlExecutor {
  return {
    execute: async (text, values) => {
      requireGoing(signal);
      return sql.execute(text, values);
    },
    executeText: async (text, values) => {
      requireGoing(signal);
      return sql.executeText(text, values);
    },
  };
}
