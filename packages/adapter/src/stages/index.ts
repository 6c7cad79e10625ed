export { captureFingerprintSql, knownFingerprintSql } from './capture-fingerprint.js';
export { type NextStep, nextSteps } from './next-steps.js';
export { isStage, type Stage, stages } from './stage.js';
export type { StageGuard } from './stage-guard.js';
export {
  changeStage,
  initializeStages,
  readStages,
  readStandings,
  type StageChange,
  stageChanges,
  type StageChangeOptions,
} from './stage-store.js';
export { switchOff } from './switch-off.js';
export { seenByAllAfterMs, StageWatch } from './stage-watch.js';
export { isInShare, notSeenYet, type Standing } from './standing.js';
