export { compare } from './compare.js';
export { correctRows, setsIdentity, stateValueSql, type WantedStates } from './correct-rows.js';
export { lockRows } from './lock-rows.js';
export { driftOfStreams } from './drift-of-streams.js';
export { notRepaired, repairAggregate, type RepairOptions, type RepairReport } from './repair.js';
export {
  type AggregateVerification,
  type Unseen,
  type VerificationReport,
  verificationReport,
  verifyAggregate,
} from './verify.js';
export { verifiedClean } from './verify-guard.js';
export type { VerifyOptions } from './verify-options.js';
export { refuseIds } from './refuse-ids.js';
export { ofStreams } from './verify-scope.js';
export type { UntrackedDeletions } from './untracked-ends.js';
