export { backfill } from './backfill.js';
export { backfillComplete } from './backfill-guard.js';
export { completeBackfillsSql, isBackfillComplete } from './complete-backfills.js';
export { type BackfillOptions, type BackfillReport, notBackfilled } from './backfill-options.js';
export type { BackfillProgress } from './backfill-progress.js';
export { type BackfillWish, wishOfBackfill } from './backfill-state.js';
export { type BackfillEstimate, estimateBackfill, notEstimated } from './estimate-backfill.js';
export type { ThrottleOptions } from './throttle.js';
