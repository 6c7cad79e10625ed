export { explainRefusal, hiddenRows, readOnlyServer } from './explain-refusal.js';
export { lockHolders, rowLockHolder } from './lock-holders.js';
export { pinnedSettings, pinSettings } from './pin-settings.js';
export { quoteIdentifier, quoteLiteral, quoteTable } from './quote.js';
export { gaveWay, retryWhileLocked, serverError, sqlState } from './retry.js';
export { seeWholeTables } from './see-whole-tables.js';
export { whyReadOnly } from './why-read-only.js';
export type { Database, SqlExecutor } from './sql-executor.js';
