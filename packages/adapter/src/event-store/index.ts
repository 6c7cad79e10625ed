export { readRecordedAt, readStream, type ReadStreamOptions } from './read-stream.js';
