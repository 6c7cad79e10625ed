export { type CaptureFailure, noteCaptureError } from './capture-errors.js';
export {
  operate,
  type Operation,
  type OperationAttributes,
  type OperationEnd,
  type OperationName,
  type OperationSubject,
} from './operation.js';
export type { Progress, ProgressOptions } from './progress.js';
