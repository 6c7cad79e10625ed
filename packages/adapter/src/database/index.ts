export { lockHolders, rowLockHolder } from './lock-holders.js';
export { pinnedSettings, pinSettings } from './pin-settings.js';
export { quoteIdentifier, quoteLiteral, quoteTable } from './quote.js';
export { gaveWay, retryWhileLocked, sqlState } from './retry.js';
export type { Database, SqlExecutor } from './sql-executor.js';
