import type { Change } from './change.js';
import type { EventMetadata } from './event-metadata.js';

/** The state of an entity by property path (`total`, `shipping.street`, `customer.id`), values as stored in JSON. */
export type EventData = Readonly<Record<string, unknown>>;

/**
 * An event as it stands in the event store.
 * @typeParam Data - what its data may hold, such as `EventDataOf<Order>`. Anything, where it is left out
 */
export interface RecordedEvent<Data = EventData> {
  /** Place in the whole log. A decimal string: it may exceed 2^53. */
  readonly globalPosition: string;
  readonly category: string;
  readonly streamId: string;
  /** Place in its stream, from 1, without gaps. */
  readonly streamPosition: number;
  /** Past tense, in the language of the business: `OrderCreated`, `OrderShipped`. */
  readonly type: string;
  readonly change: Change;
  readonly schemaVersion: number;
  /**
   * Full state when created, the changed properties when updated. What an aggregate owns stands under its relation path
   * and id: `{ lines: { '7': { quantity: 2 } } }`, null for a row that was taken away.
   */
  readonly data: Data;
  readonly metadata: EventMetadata;
  /**
   * Given to consumers with `before: true`: the whole aggregate as it was before the event, with what it owns under path and id. Null where
   * there was none. Absent where it isn't known: of first events of what was there already, of topics, and where events are lost.
   */
  readonly before?: Data | null;
  readonly recordedAt: Date;
  /**
   * Given to consumers, for events since the log has lost some for the first time: which stretch of it they belong to. Another
   * event with the same positions and an older epoch, or none, is lost. A decimal string; later epochs have greater ones.
   */
  readonly epoch?: string;
  /** Behind the last event that was left when it began: what has a position from there on, and an older epoch, is lost. */
  readonly epochPosition?: string;
  /** With the first event of a stream in an epoch: that of the event before it. '0': it had no epoch, or there is none before. */
  readonly previousEpoch?: string;
}
