import type { RecordedEvent } from '../event/index.js';
import type { OpenPlace } from './delivery-place.js';
import type { EventFilter } from './event-filter.js';

/**
 * Where a consumer that is seen for the first time starts: `now` with the events that are committed from here on,
 * `beginning` with everything that was ever recorded, or behind a global position.
 */
export type StartAt = 'now' | 'beginning' | `${bigint}`;

/** What is given to {@link Subscription.handle} beside the events. */
export interface HandlingUnit {
  readonly attempt: number;
  readonly signal: AbortSignal;
  /** Of the transaction that is open, where there is one. */
  readonly manager: unknown;
}

/** A named reader of the log, as the workers see it. */
export interface Subscription {
  readonly name: string;
  readonly filter: Omit<EventFilter, 'partition'>;
  readonly from: StartAt;
  readonly partitions: number;
  readonly batchSize: number;
  /** How often an event is tried before it is parked. */
  readonly attempts: number;
  /** Handles events in the transaction that moves the checkpoint. */
  readonly transactional: boolean;
  /** Opens the place of a transaction that isn't in the log's database. */
  readonly elsewhere?: OpenPlace;
  /** Whether an error will go by itself: it is waited out, and parks nothing. */
  readonly isTransient: (error: unknown) => boolean;
  /**
   * Handles events in order, all or the first ones of them: says how many.
   * @throws EventFailure for one of them; any other error is taken for one of the first
   */
  readonly handle: (events: readonly RecordedEvent[], unit: HandlingUnit) => Promise<number>;
  /** Lets go of what handling holds open, when the consumer has stopped. */
  readonly close?: () => Promise<void>;
}

/** One of several events could not be handled. */
export class EventFailure extends Error {
  override readonly name = 'EventFailure';
  constructor(
    readonly event: RecordedEvent,
    override readonly cause: unknown,
  ) {
    super(`${event.category}-${event.streamId}@${event.streamPosition} could not be handled`);
  }
}
