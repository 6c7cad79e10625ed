import { quoteIdentifier } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Where capture writes the events of an aggregate, and reads the ends of its streams. */
export interface StreamTables {
  readonly schema: string;
  readonly written: string;
  readonly visible: string;
  /** A query for the last position in a stream, as `position`: null where there is none. It looks at one entry of an index. */
  readonly head: (category: string, streamId: string) => string;
  /** Those that may be of the transaction itself, with their times. */
  readonly own: string;
  /** Further columns of what is written, and their values. */
  readonly column: string;
  readonly value: string;
}

/** Events that have their positions from when they are written. */
export function numberedAtWrite(schema: string): StreamTables {
  const events = `${quoteIdentifier(schema)}.events`;
  const head = (category: string, streamId: string): string =>
    `select max(v.stream_position) as position from ${events} v where v.category = ${category} and v.stream_id = ${streamId}`;
  return { schema, written: events, visible: events, head, own: events, column: '', value: '' };
}

/** Events that are pending until their transaction commits. */
export function numberedAtCommit(schema: string): StreamTables {
  const name = quoteIdentifier(schema);
  const pending = `${name}.pending_events`;
  return {
    schema,
    written: pending,
    visible: `${name}.visible_events`,
    // of both together PostgreSQL would read all that is pending in the stream
    head: (category, streamId) =>
      `select greatest((${numberedAtWrite(schema).head(category, streamId)}), (
        select max(p.stream_position) from ${pending} p
        where p.transaction = pg_current_xact_id() and p.category = ${category} and p.stream_id = ${streamId})) as position`,
    own: `(select p.* from ${pending} p where p.transaction = pg_current_xact_id())`,
    column: ', first',
    value: ', row_number() over () = 1',
  };
}

/**
 * An aggregate of one row is locked by who changes it, so its events have their positions at once. One with parts is changed by
 * several at a time, in different rows (see docs/adr/0005).
 */
export function isNumberedAtCommit({ parts, part }: EntityMapping): boolean {
  return (part?.root.parts ?? parts).length > 0;
}
