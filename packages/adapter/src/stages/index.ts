export { isStage, type Stage, stages } from './stage.js';
export type { StageGuard } from './stage-guard.js';
export {
  changeStage,
  initializeStages,
  readStages,
  type StageChange,
  stageChanges,
  type StageChangeOptions,
} from './stage-store.js';
export { StageWatch } from './stage-watch.js';
