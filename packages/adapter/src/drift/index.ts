export { type Drift, type DriftKind, driftName } from './drift.js';
export { recordDrifts } from './record-drifts.js';
