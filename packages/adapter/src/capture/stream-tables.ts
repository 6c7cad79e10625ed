import { quoteIdentifier } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Where capture writes the events of an aggregate, and reads the ends of its streams. */
export interface StreamTables {
  readonly written: string;
  readonly visible: string;
  /** Those that may be of the transaction itself, with their times. */
  readonly own: string;
  /** What marks the transaction as one whose events are numbered at its end; nothing where they are numbered as they are written. */
  readonly mark: string;
}

/**
 * An aggregate of one row is locked by who changes it, so its events have their positions at once. One with parts is changed by
 * several at a time, in different rows: its events are pending until commit (see docs/adr/0005).
 */
export function streamTables(mapping: EntityMapping, schema: string): StreamTables {
  const name = quoteIdentifier(schema);
  const root = mapping.part?.root ?? mapping;
  if (root.parts.length === 0)
    return { written: `${name}.events`, visible: `${name}.events`, own: `${name}.events`, mark: '' };
  return {
    written: `${name}.pending_events`,
    visible: `${name}.visible_events`,
    own: `(select p.* from ${name}.pending_events p where p.transaction = pg_current_xact_id())`,
    mark: `insert into ${name}.pending_transactions default values on conflict do nothing;`,
  };
}
