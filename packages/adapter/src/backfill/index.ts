export { backfill, type BackfillOptions, type BackfillReport } from './backfill.js';
export { backfillComplete } from './backfill-guard.js';
export type { BackfillProgress } from './backfill-progress.js';
