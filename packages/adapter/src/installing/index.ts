export { beginCapture } from './begin-capture.js';
export { type InstallationOptions, installBackstory } from './install-backstory.js';
export { type InstallOptions, type InstallReport, install } from './install.js';
export { installationPending } from './installation-pending.js';
export { mendCapture } from './mend-capture.js';
export { settleRemadeTables } from './settle-remade-tables.js';
export { type SyncCaptureOptions, renewCaptureWithMigrations, syncCapture } from './sync-capture.js';
