export type { AggregateState } from './fold.js';
export {
  type OnUnreplayable,
  type ReplayedStream,
  replayStreams,
  replayTail,
  type ReplayUntil,
} from './replay-streams.js';
export { Snapshots } from './snapshots.js';
export { parseStreamTail, streamTailSql } from './stream-tail-sql.js';
export { rebuildSnapshots, type SnapshotReport } from './take-snapshots.js';
