import type { RecordedEvent } from '../event/index.js';

/**
 * What an event is, to whoever reads a history. `first`: written by the backfill for a row that was there before. `business`: by a command, or appended
 * by the application. `captured`: a write to the table. `correction`: by repair, restore, erasure or the archive, or a purge without an event for each row.
 */
export type EventKind = 'first' | 'business' | 'captured' | 'correction';

export function kindOf({ metadata: { origin } }: Pick<RecordedEvent, 'metadata'>): EventKind {
  if (origin === 'backfill') return 'first';
  if (origin === 'command' || origin === 'append') return 'business';
  return origin === 'capture' || origin === 'residual' ? 'captured' : 'correction';
}
