export { diagnose } from './diagnose.js';
export type { Finding } from './finding.js';
export { type AggregateStatus, type PropertyDrift, readStatus } from './read-status.js';
