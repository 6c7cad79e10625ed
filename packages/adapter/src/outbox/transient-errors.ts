import { sqlState } from '../database/index.js';

/** Gives way, conflicts, shutdowns, lost connections, exhausted resources: gone when tried again later. */
const transientState = /^(?:40001|40P01|55P03|57P0[1-3]|08...|53...)$/;
const network = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'DATABASE_UNREACHABLE',
  // MySQL and MariaDB
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_ENQUEUE_AFTER_FATAL_ERROR',
  'ER_CHECKREAD',
  'ER_CLIENT_INTERACTION_TIMEOUT',
  'ER_CONNECTION_KILLED',
  'ER_CON_COUNT_ERROR',
  'ER_DISK_FULL',
  'ER_LOCK_DEADLOCK',
  'ER_LOCK_NOWAIT',
  'ER_LOCK_WAIT_TIMEOUT',
  'ER_OPTION_PREVENTS_STATEMENT', // the server is read-only for now
  'ER_QUERY_INTERRUPTED',
  'ER_SERVER_SHUTDOWN',
  'ER_TOO_MANY_USER_CONNECTIONS',
]);

/** Whether an error, or what caused it, says nothing about the event and goes by itself. */
export function isTransient(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) {
    const state = sqlState(at) ?? sqlState((at as { driverError?: unknown }).driverError) ?? '';
    if (transientState.test(state) || network.has(state)) return true;
    if (
      /^(?:Connection terminated|Client has encountered a connection error|.*in closed state$)/.test(
        at.message,
      )
    )
      return true;
  }
  return false;
}

/** Milliseconds before the next attempt: doubled each time, up to a limit, and spread so that workers don't meet again. */
export function backoff(attempt: number, limit = 30_000): number {
  return Math.min(limit, 50 * 2 ** Math.min(attempt, 20)) * (0.5 + Math.random() / 2);
}
