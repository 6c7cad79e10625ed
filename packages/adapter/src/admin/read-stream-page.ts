import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { Change, RecordedEvent } from '../event/index.js';
import {
  bytesAtATime,
  bytesOfEventSql,
  eventColumns,
  type EventRow,
  readUntrackedEnd,
  toRecordedEvent,
} from '../event-store/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { ParkedEvent } from '../outbox/index.js';
import { type AggregateState, fold, replayStreams } from '../replay/index.js';
import { upcast } from '../upcasting/index.js';
import { type EventKind, kindOf } from './event-kind.js';
import { changesBetween, flatState, type PropertyChange } from './flat-state.js';
import { type ShownValue, shownValue } from './shown-value.js';

/** One event of a stream, as it is shown. */
export interface StreamEvent {
  readonly globalPosition: string;
  readonly streamPosition: number;
  readonly type: string;
  readonly change: Change;
  readonly recordedAt: Date;
  readonly schemaVersion: number;
  readonly metadata: readonly { readonly name: string; readonly value: ShownValue }[];
  readonly kind: EventKind;
  /** What it has changed in the aggregate. */
  readonly changes: readonly PropertyChange[];
  /** What is in it, of one that the application has appended; empty of all others. */
  readonly data: readonly { readonly name: string; readonly value: ShownValue }[];
}

/** Some of a stream's events, newest first. */
export interface StreamPage {
  readonly category: string;
  readonly streamId: string;
  /** Of its last event; 0 when there is no such stream. */
  readonly position: number;
  readonly events: readonly StreamEvent[];
  /** Why the changes of these events can't be told. */
  readonly problem: string | null;
  /** What consumers have parked of this stream, in the order of the log: 100 at most. */
  readonly parked: readonly Pick<ParkedEvent, 'consumer' | 'globalPosition' | 'error'>[];
}

const pageSize = 50;
const nothing: AggregateState = { root: undefined, parts: new Map() };

/**
 * The events of a stream before a position, with what each has changed: replayed from what was there before the first of them. 50, or 1 MB of
 * them as they are stored, and one at least; and behind the last one its end, where that has left no event of its own.
 */
export async function readStreamPage(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streamId: string,
  before: number | undefined,
): Promise<StreamPage> {
  const { category } = mapping;
  const rows = await sql.execute<EventRow>(
    `select ${eventColumns} from (
       select e.*, sum(${bytesOfEventSql('e')}) over newer as bytes, row_number() over newer as n from (
         select * from ${quoteIdentifier(schema)}.all_events e
         where category = $1 and stream_id = $2 and ($3::bigint is null or stream_position < $3)
         order by e.stream_position desc limit ${pageSize}) e
       window newer as (order by e.stream_position desc)) e
     where n = 1 or bytes <= ${bytesAtATime} order by e.stream_position desc`,
    [category, streamId, before ?? null],
  );
  const end = await readUntrackedEnd(sql, schema, category, streamId);
  const position = end?.streamPosition ?? (await lastPosition(sql, schema, category, streamId));
  const isEndShown = end && (before === undefined || end.streamPosition < before);
  const stored = [...rows.map(toRecordedEvent).reverse(), ...(isEndShown ? [end] : [])];
  const parked = await readParked(sql, schema, category, streamId);
  const page = { category: mapping.knownAs, streamId, position, parked };
  try {
    const events = stored.map((event) => upcast(mapping, event));
    return { ...page, events: await withChanges(sql, schema, mapping, streamId, events), problem: null };
  } catch (error) {
    if (!BackstoryError.is(error)) throw error;
    const events = stored.map((event) => shownEvent(event, [])).reverse();
    return { ...page, events, problem: error.message };
  }
}

async function withChanges(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streamId: string,
  events: readonly RecordedEvent[],
): Promise<StreamEvent[]> {
  let position = (events[0]?.streamPosition ?? 1) - 1;
  const replayed = await replayStreams(sql, schema, mapping, [streamId], { version: position });
  let state: AggregateState = replayed.get(streamId) ?? nothing;
  let before = flatState(mapping, state);
  const paths = mapping.parts.map(({ part }) => part.path);
  const shown: StreamEvent[] = [];
  for (const event of events) {
    state = fold({ category: event.category, streamId }, [event], paths, { position, state });
    position = event.streamPosition;
    const after = flatState(mapping, state);
    shown.push(shownEvent(event, changesBetween(before, after)));
    before = after;
  }
  return shown.reverse();
}

function shownEvent(event: RecordedEvent, changes: readonly PropertyChange[]): StreamEvent {
  const { globalPosition, streamPosition, type, change, recordedAt, schemaVersion, metadata } = event;
  const shown = (values: object): StreamEvent['metadata'] =>
    Object.entries(values).map(([name, value]) => ({ name, value: shownValue(value, 500) }));
  return {
    globalPosition,
    streamPosition,
    type,
    change,
    recordedAt,
    schemaVersion,
    kind: kindOf(event),
    metadata: shown(metadata),
    changes,
    data: change === 'none' ? shown(event.data) : [],
  };
}

async function lastPosition(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamId: string,
): Promise<number> {
  const [row] = await sql.execute<{ last: number }>(
    `select coalesce(max(e.stream_position), 0)::float8 as last from ${quoteIdentifier(schema)}.events e
     where category = $1 and stream_id = $2`,
    [category, streamId],
  );
  return row?.last ?? 0;
}

/** By the index of each consumer's parked events, whatever their number. */
function readParked(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamId: string,
): Promise<Pick<ParkedEvent, 'consumer' | 'globalPosition' | 'error'>[]> {
  const name = quoteIdentifier(schema);
  return sql.execute(
    `select p.consumer, p.global_position::text as "globalPosition", p.error from ${name}.parked_events p
     where p.consumer = any(array(select distinct c.name from ${name}.consumers c)) and p.category = $1 and p.stream_id = $2
     order by p.global_position, p.consumer limit 100`,
    [category, streamId],
  );
}
