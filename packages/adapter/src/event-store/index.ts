export { readStream, type ReadStreamOptions } from './read-stream.js';
export { type FoldableEvent, readStreams } from './read-streams.js';
