export { type HydratedRows, hydrateAggregates, hydratedRows } from './hydrate-aggregates.js';
export { interceptReads } from './intercept-reads.js';
export { ReplayingReads } from './replaying-reads.js';
export { StandbyReads } from './standby-reads.js';
export { TenantReads } from './tenant-reads.js';
