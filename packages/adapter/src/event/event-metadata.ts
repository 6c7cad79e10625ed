/**
 * Where an event came from: a captured write, the backfill of rows that were there before, a repair, or the archive, whose
 * stand-in holds the whole state in place of the events that were moved there.
 */
export type EventOrigin = 'capture' | 'backfill' | 'repair' | 'archive';

/** What is known of an event beside its data. */
export interface EventMetadata {
  readonly origin: EventOrigin;
  /** Who made the change, as the application names its users. */
  readonly actor?: string;
  /** The same for everything that one request or job caused. */
  readonly correlationId?: string;
  /** The event or message that led to this change. */
  readonly causationId?: string;
  /** W3C trace context of the request. */
  readonly traceparent?: string;
  readonly [key: string]: unknown;
}
