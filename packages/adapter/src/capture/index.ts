export {
  type CaptureContext,
  type CaptureContextSource,
  currentContext,
  currentStatementContext,
  runInContext,
} from './capture-context.js';
export { type EventIntent, withEvent } from './event-intent.js';
export { contextComment } from './context-comment.js';
export { installCapture, installedCaptures, outdatedCaptures, removeCapture } from './install-capture.js';
export { lockStreamEnds } from './lock-stream-ends.js';
