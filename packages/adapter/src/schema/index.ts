export { hiddenOwnTables } from './hidden-own-tables.js';
export { behindInWords, mendSequence, requireSequence, sequenceBehind } from './log-sequence.js';
export { lockInstallation, migrate, pendingMigrations } from './migrate.js';
