export {
  type CaptureContext,
  type CaptureContextSource,
  currentContext,
  runInContext,
} from './capture-context.js';
export { backfillMetadata, captureSql } from './capture-sql.js';
export { contextComment } from './context-comment.js';
export { installCapture, installedCaptures, outdatedCaptures, removeCapture } from './install-capture.js';
