export { restoreStream } from './restore-stream.js';
export type { RestoredVersion, RestoreOptions, RestorationReport } from './restore-options.js';
