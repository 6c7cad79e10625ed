import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';
import { eventColumns, type EventRow, toRecordedEvent } from './recorded-event-row.js';

/** How far to read: to a position in the stream, or to a moment (the whole millisecond). Both bounds are inclusive. */
export interface ReadStreamOptions {
  version?: number;
  asOf?: Date;
}

/** The events of one stream in order; empty for a stream that isn't there. */
export async function readStream(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamId: string,
  { version, asOf }: ReadStreamOptions = {},
): Promise<RecordedEvent[]> {
  // e.: the bare name would be the text of the position, and ten come before two
  const rows = await sql.execute<EventRow>(
    `select ${eventColumns} from ${quoteIdentifier(schema)}.events e
     where category = $1 and stream_id = $2
       and ($3::bigint is null or stream_position <= $3) and ($4::timestamptz is null or recorded_at < $4::timestamptz + interval '1 millisecond')
     order by e.stream_position`,
    [category, streamId, version ?? null, asOf ?? null],
  );
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
  const [event] = await sql.execute<{ recorded_at: Date }>(
    `select recorded_at from ${quoteIdentifier(schema)}.events
     where category = $1 and stream_id = $2 and stream_position = $3`,
    [category, streamId, position],
  );
  return event?.recorded_at;
}
