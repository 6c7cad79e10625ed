export { Applies, type AppliesDecorator } from './applies.decorator.js';
export { applyReducers, type ReducedState, type ReducerOptions } from './apply-reducers.js';
export type { AggregateState } from './fold.js';
export { type Reducer, type Reducers, reducersByType, type ReducingObject } from './reducers.js';
export { replayCategory } from './replay-category.js';
export { type ReplayedStream, replayStreams, replayTail } from './replay-streams.js';
export { Snapshots } from './snapshots.js';
export { parseStreamTail, streamTailSql } from './stream-tail-sql.js';
export { rebuildSnapshots, type SnapshotReport } from './take-snapshots.js';
