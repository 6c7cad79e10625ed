export { readStream, type ReadStreamOptions } from './read-stream.js';
export { readStreams } from './read-streams.js';
