import type { SqlExecutor } from '../database/index.js';

/** Transactions of the application's own kind, so that a handler can write as the rest of the application does. */
export interface DeliveryTransactions {
  /** A transaction that stays idle for longer is ended by the server: its locks are not left to a stopped process. */
  run<Result>(
    idleTimeoutMs: number,
    work: (sql: SqlExecutor, manager: unknown) => Promise<Result>,
  ): Promise<Result>;
}
