export { captureFingerprintSql, knownFingerprintSql } from './capture-fingerprint.js';
export { type NextStep, nextSteps } from './next-steps.js';
export { refuseOff } from './refuse-off.js';
export { replayedWhole } from './replayed-whole.js';
export {
  type RefusedRoles,
  residualInWords,
  type ResidualPolicy,
  residualPolicy,
} from './residual-policy.js';
export { isReadFromEvents, isReplayed, isStage, type Stage, stages } from './stage.js';
export { RepeatedLook } from './repeated-look.js';
export { stagesKey } from './stages-key.js';
export type { StageGuard } from './stage-guard.js';
export {
  type AroundChange,
  changeStage,
  initializeStages,
  readStages,
  readStandings,
  type StageChange,
  stageChanges,
  type StageChangeOptions,
  type StageTarget,
} from './stage-store.js';
export { switchOff } from './switch-off.js';
export { seenByAllAfterMs, StageWatch } from './stage-watch.js';
export { isInShare, notSeenYet, type Standing } from './standing.js';
