import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';
import {
  eventColumns,
  type EventRow,
  recordedAtColumn,
  toRecordedAt,
  toRecordedEvent,
} from './recorded-event-row.js';

/** How far to read: to a position in the stream, or to a moment (the whole millisecond). Both bounds are inclusive. */
export interface ReadStreamOptions {
  version?: number;
  asOf?: Date;
}

/** Which events of a stream to read. */
export interface HistoryOptions extends ReadStreamOptions {
  /** Only those behind this position. */
  after?: number;
  /** So many of the newest ones at most. */
  last?: number;
}

/**
 * The events of one stream in order, also archived ones, and its end where that has left no event of its own; empty for a stream that
 * isn't there.
 */
export async function readStream(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamId: string,
  { version, asOf, after, last }: HistoryOptions = {},
): Promise<RecordedEvent[]> {
  // e.: the bare name would be the text of the position, and ten come before two
  const name = quoteIdentifier(schema);
  const columns =
    'global_position, stream_position, recorded_at, schema_version, change, category, stream_id, type, data, metadata';
  const rows = await sql.execute<EventRow>(
    `select ${eventColumns} from (
       select ${columns} from ${name}.all_events where category = $1 and stream_id = $2
       union all select ${columns} from ${name}.untracked_end($1, $2, $4::timestamptz)) e
     where category = $1 and stream_id = $2
       and ($3::bigint is null or stream_position <= $3) and ($4::timestamptz is null or recorded_at < $4::timestamptz + interval '1 millisecond')
       and stream_position > $5
     order by e.stream_position ${last === undefined ? '' : 'desc limit $6'}`,
    [category, streamId, version ?? null, asOf ?? null, after ?? 0, ...(last === undefined ? [] : [last])],
  );
  if (last !== undefined) rows.reverse();
  return rows.map(toRecordedEvent);
}

/** When the event at a position was recorded. */
export async function readRecordedAt(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamId: string,
  position: number,
): Promise<Date | undefined> {
  const [event] = await sql.execute<Pick<EventRow, 'recorded_at'>>(
    `select ${recordedAtColumn} from ${quoteIdentifier(schema)}.all_events
     where category = $1 and stream_id = $2 and stream_position = $3`,
    [category, streamId, position],
  );
  return event && toRecordedAt(event);
}
