import { quoteIdentifier } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';

/** Where capture writes the events of an aggregate, and reads the ends of its streams. */
export interface StreamTables {
  readonly schema: string;
  readonly written: string;
  readonly visible: string;
  /** A query for the last position in a stream, as `position`: null where there is none. It looks at one entry of an index. */
  readonly head: (category: string, streamId: string) => string;
  /**
   * A query for a stream's last event: its `position`, its `change`, and whether it may have been `told` while the statement
   * that is under way ran. One row; `position` and `change` are null where there is none. Events that change nothing (`n`) count for
   * the position only.
   */
  readonly last: (category: string, streamId: string) => string;
  /** The same of the last event whatever it changes, at a third less: no row where there is none, or one of nulls. */
  readonly newest: (category: string, streamId: string) => string;
  /** Those that may be of the transaction itself, with their times. */
  readonly own: string;
  /** Whether what is written gets its position at commit. */
  readonly pending: boolean;
  /** Further columns of what is written, and their values. */
  readonly column: string;
  readonly value: string;
}

/** Events that have their positions from when they are written. */
export function numberedAtWrite(schema: string): StreamTables {
  const events = `${quoteIdentifier(schema)}.events`;
  const head = (category: string, streamId: string): string =>
    `select max(v.stream_position) as position from ${events} v where v.category = ${category} and v.stream_id = ${streamId}`;
  const last = (category: string, streamId: string): string =>
    `select e.position, e.change, coalesce(e.told, false) as told from (select) one left join lateral (${lastOf(events, '', category, streamId)}) e on true`;
  const newest = (category: string, streamId: string): string => newestOf(events, '', category, streamId);
  return {
    schema,
    written: events,
    visible: events,
    head,
    last,
    newest,
    own: events,
    pending: false,
    column: '',
    value: '',
  };
}

/** Events that are pending until their transaction commits. */
export function numberedAtCommit(schema: string): StreamTables {
  const name = quoteIdentifier(schema);
  const pending = `${name}.pending_events`;
  const isOwn = 'v.transaction = pg_current_xact_id() and ';
  const ofBoth =
    (of: typeof lastOf) =>
    (category: string, streamId: string): string =>
      `select greatest(e.position, p.position) as position, coalesce(p.change, e.change) as change, coalesce(p.told, false) as told
       from (select) one
       left join lateral (${of(`${name}.events`, '', category, streamId)}) e on true
       left join lateral (${of(pending, isOwn, category, streamId)}) p on true`;
  return {
    schema,
    written: pending,
    visible: `${name}.visible_events`,
    // of both together PostgreSQL would read all that is pending in the stream
    head: (category, streamId) =>
      `select greatest((${numberedAtWrite(schema).head(category, streamId)}), (
        select max(p.stream_position) from ${pending} p
        where p.transaction = pg_current_xact_id() and p.category = ${category} and p.stream_id = ${streamId})) as position`,
    last: ofBoth(lastOf),
    newest: ofBoth(newestOf),
    own: `(select p.* from ${pending} p where p.transaction = pg_current_xact_id())`,
    pending: true,
    column: ', first',
    value: ', row_number() over () = 1',
  };
}

function lastOf(events: string, condition: string, category: string, streamId: string): string {
  const ofStream = `from ${events} v where ${condition}v.category = ${category} and v.stream_id = ${streamId}`;
  return (
    `select v.stream_position as position, case v.change when 'n' then (select v.change ${ofStream} and v.change <> 'n' ${atTheEnd}) else v.change end as change, ` +
    `v.recorded_at >= statement_timestamp() as told ${ofStream} ${atTheEnd}`
  );
}

function newestOf(events: string, condition: string, category: string, streamId: string): string {
  return (
    `select v.stream_position as position, v.change, v.recorded_at >= statement_timestamp() as told ` +
    `from ${events} v where ${condition}v.category = ${category} and v.stream_id = ${streamId} ${atTheEnd}`
  );
}

const atTheEnd = 'order by v.stream_position desc limit 1';

/**
 * An aggregate of one row is locked by who changes it, so its events have their positions at once. One with parts is changed by
 * several at a time, in different rows (see docs/adr/0005).
 */
export function isNumberedAtCommit({ parts, part }: EntityMapping): boolean {
  return (part?.root.parts ?? parts).length > 0;
}
