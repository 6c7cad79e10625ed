export { hiddenOwnTables } from './hidden-own-tables.js';
export { lockInstallation, migrate, pendingMigrations } from './migrate.js';
