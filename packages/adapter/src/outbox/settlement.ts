import type { RecordedEvent } from '../event/index.js';
import type { Checkpoint } from './checkpoint.js';
import type { NewlyParked } from './parked-events.js';

/** What a worker has come to, to be stored together with what was handled. */
export interface Settlement {
  /** Where it stands then; without it the lease is held and the checkpoint stays. */
  readonly checkpoint?: Checkpoint;
  /** Parked, because earlier ones of their streams are. */
  readonly behind?: readonly RecordedEvent[];
  /** Parked, because it has failed too often. */
  readonly failed?: NewlyParked & { readonly error: string };
  /** Was parked, and is handled now. */
  readonly retried?: RecordedEvent;
}
