/**
 * Where an event came from: a captured write, the backfill of rows that were there before, a repair, a version of before that was
 * restored, the archive, whose
 * stand-in holds the whole state in place of the events that were moved there, an erasure, whose event changes nothing and
 * says what was erased, the application itself, which has appended it, a
 * command, what a change by a command has beyond its events, or a deletion that was to leave no event of its own.
 */
export type EventOrigin =
  | 'capture'
  | 'backfill'
  | 'repair'
  | 'restore'
  | 'archive'
  | 'erasure'
  | 'append'
  | 'command'
  | 'residual'
  | 'untracked';

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
  /**
   * Values that were erased, and are null in the data: property paths, those of parts with the id of the part
   * (`lines.7.text`; a dot in an id is `%2E`, a percent sign `%25`).
   */
  readonly erased?: readonly string[];
  readonly [key: string]: unknown;
}
