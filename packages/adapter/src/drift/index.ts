export type { Drift, DriftKind } from './drift.js';
export { recordDrifts } from './record-drifts.js';
