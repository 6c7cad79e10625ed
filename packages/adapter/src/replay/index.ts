export { type AggregateState, fold } from './fold.js';
export { replayStreams } from './replay-streams.js';
