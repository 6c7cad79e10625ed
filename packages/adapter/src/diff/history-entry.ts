import type { EventOrigin } from '../event/index.js';

/** One property, before an event and after it, with values as events have them. */
export interface PropertyDifference {
  /** Its path, as in the data of events: `total`, `shipping.city`, `customer.id`. */
  readonly property: string;
  /** Absent where there was none, because the event has created the thing, and where it isn't known: see `beforeIs`. */
  readonly before?: unknown;
  /** Absent where there is none any more. */
  readonly after?: unknown;
  /** `unknown`: no event tells it. `erased`: it was taken out of the events, and `before` is null for that. Absent where `before` is what it was. */
  readonly beforeIs?: 'unknown' | 'erased';
  /** `erased`: it was taken out of the events, and `after` is null for that. */
  readonly afterIs?: 'erased';
}

/** What an event has changed of one thing that the aggregate owns. */
export interface PartDifference {
  /** The relation path, such as `lines`. */
  readonly path: string;
  readonly id: string;
  /** `first-known`: the event is the first that tells of it, and it may have been there before. */
  readonly change: 'added' | 'changed' | 'removed' | 'first-known';
  readonly changes: readonly PropertyDifference[];
}

/**
 * What an event means to the thing itself. `first-known`: it was there before its history begins, as after a backfill. `noted`:
 * an event that the application has appended, which changes no property. `erased`: values were taken out of former events.
 * `lost`: an event is missing, so what was known until then isn't known any more.
 */
export type HistoryEntryKind =
  'created' | 'first-known' | 'changed' | 'deleted' | 'noted' | 'erased' | 'lost';

/** One event of a stream, as an application shows it to its users. */
export interface HistoryEntry {
  /** Of the event in its stream. */
  readonly position: number;
  readonly type: string;
  readonly kind: HistoryEntryKind;
  /** When it was recorded. */
  readonly at: Date;
  /** Who has made the change; null where nobody has said so. */
  readonly actor: string | null;
  readonly origin: EventOrigin;
  /** Why, of a repair, an erasure or a restore. */
  readonly reason?: string;
  /** The version that was brought back, of a restore. */
  readonly restoredTo?: number;
  readonly changes: readonly PropertyDifference[];
  readonly parts: readonly PartDifference[];
  /** What the application itself has said with the event. */
  readonly data?: unknown;
  /** Set where properties or parts may be missing above, because the events before are not in the history that was given. */
  readonly incomplete?: true;
}
