import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { changeFromCode } from '../event/index.js';
import type { EventData, RecordedEvent } from '../event/index.js';

/** The part of an event that a fold needs. */
type FoldableEvent = Pick<RecordedEvent, 'streamId' | 'streamPosition' | 'change' | 'data'>;

/** The events of many streams of one category in one query, grouped by stream, in order; up to `asOf` inclusive. */
export async function readStreams(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamIds: readonly string[],
  { asOf }: { asOf?: Date } = {},
): Promise<Map<string, FoldableEvent[]>> {
  const rows = await sql.execute<{ s: string; p: string; c: string; d: EventData }>(
    `select stream_id as s, stream_position::text as p, change as c, data as d
     from ${quoteIdentifier(schema)}.events
     where category = $1 and stream_id = any ($2) ${asOf ? `and recorded_at < $3::timestamptz + interval '1 millisecond'` : ''}
     order by stream_id, stream_position`,
    [category, streamIds, ...(asOf ? [asOf] : [])],
  );
  const streams = new Map<string, FoldableEvent[]>();
  for (const { s, p, c, d } of rows) {
    const event = { streamId: s, streamPosition: Number(p), change: changeFromCode(c), data: d };
    const stream = streams.get(s);
    if (stream) stream.push(event);
    else streams.set(s, [event]);
  }
  return streams;
}
