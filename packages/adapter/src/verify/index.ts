export { repairAggregate, type RepairOptions, type RepairReport } from './repair.js';
export {
  type AggregateVerification,
  type VerificationReport,
  verifyAggregate,
  type VerifyOptions,
} from './verify.js';
export { verifiedClean } from './verify-guard.js';
