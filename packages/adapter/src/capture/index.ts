export {
  type CaptureContext,
  type CaptureContextSource,
  currentContext,
  runInContext,
} from './capture-context.js';
export { contextComment } from './context-comment.js';
export { installCapture, installedCaptures, outdatedCaptures, removeCapture } from './install-capture.js';
