export {
  type CaptureContext,
  type CaptureContextSource,
  currentContext,
  currentStatementContext,
  runInContext,
} from './capture-context.js';
export type { AnnouncedEvent, AnnouncedPart } from './capture-context.js';
export { announce, withinCommand } from './announce.js';
export { type EventIntent, withEvent } from './event-intent.js';
export { contextComment } from './context-comment.js';
export { type OtherTable, otherTables, refuseOtherTable } from './other-tables.js';
export { adoptRelease, changesCapture, isAdopted, isKnownRelease, readReleases } from './adopt-release.js';
export { failuresSettled } from './failures-guard.js';
export { readUnsettledFailures, type UnsettledFailures } from './unsettled-failures.js';
export { captureFunctions, wantedTriggers } from './capture-sql.js';
export { capturedWhole } from './capture-guard.js';
export { type CaptureState, isWholeAtTheTop, readCaptureStates } from './capture-state.js';
export { installCapture } from './install-capture.js';
export { rebindRestored } from './rebind-restored.js';
export { readTriggers } from './read-triggers.js';
export { removeCapture } from './remove-capture.js';
export { requireOwnRows } from './require-own-rows.js';
export { renewCapture } from './renew-capture.js';
export { renewRefusal } from './renew-refusal.js';
export { lockStreamEnds } from './lock-stream-ends.js';
export { awaitVerify } from './unsettle-keys.js';
