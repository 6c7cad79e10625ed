export { lockInstallation, migrate, pendingMigrations } from './migrate.js';
