import type { AggregateState } from './fold.js';

/** What a replay came to, and what it took. */
export interface ReplayedStream extends AggregateState {
  /** Of the last event; that of the snapshot where nothing came after it. */
  readonly position: number;
  /** How many events had to be folded. */
  readonly folded: number;
  /** Its state is shared with what is kept in memory, so nobody may change it: it was found there, or has just been put there. */
  readonly memory?: 'found' | 'kept';
}
