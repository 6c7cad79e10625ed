import type { EventData, RecordedEvent } from './recorded-event.js';

/** What an upcaster may look at, beside the data. */
export type UpcastableEvent = Pick<
  RecordedEvent,
  'category' | 'streamId' | 'streamPosition' | 'type' | 'change' | 'schemaVersion' | 'data'
>;

/**
 * Turns the data of an event of one schema version into that of the next. Pure: the same data always gives the same, and
 * what it is given isn't changed. It gets an update's changed properties only, so it must not ask for one that isn't there.
 */
export type Upcaster = (data: EventData, event: UpcastableEvent) => EventData;

/** By event type of today, or `*` for every type without one of its own; then by the version that it takes. */
export type Upcasters = Readonly<Record<string, Readonly<Record<number, Upcaster>>>>;
