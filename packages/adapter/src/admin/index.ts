export { diagnose } from './diagnose.js';
export type { Finding } from './finding.js';
export { type AggregateStatus, readStatus } from './read-status.js';
