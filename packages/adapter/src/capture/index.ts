export {
  type CaptureContext,
  type CaptureContextSource,
  currentContext,
  currentStatementContext,
  runInContext,
} from './capture-context.js';
export { type EventIntent, withEvent } from './event-intent.js';
export { contextComment } from './context-comment.js';
export { adoptRelease, changesCapture, isAdopted, isKnownRelease, readReleases } from './adopt-release.js';
export { captureFunctions, wantedTriggers } from './capture-sql.js';
export { type CaptureState, isWholeAtTheTop, readCaptureStates } from './capture-state.js';
export { installCapture } from './install-capture.js';
export { rebindRestored } from './rebind-restored.js';
export { readTriggers } from './read-triggers.js';
export { removeCapture } from './remove-capture.js';
export { renewCapture } from './renew-capture.js';
export { lockStreamEnds } from './lock-stream-ends.js';
