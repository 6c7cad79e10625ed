export type { DataSource } from 'typeorm';
export { sendContextWithStatements } from './context-statements.js';
export { findDataSource, initialize, isDataSource } from './data-source-file.js';
export { entityMappings } from './entity-mappings.js';
export { hydrateAggregates } from './hydrate-aggregates.js';
export { interceptReads } from './intercept-reads.js';
export { poolDatabase } from './pool-database.js';
export { poolOf } from './pg-pool.js';
export { ReplayingReads } from './replaying-reads.js';
