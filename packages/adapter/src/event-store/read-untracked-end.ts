import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';
import { eventColumns, type EventRow, toRecordedEvent } from './recorded-event-row.js';

/** The end of a stream that has left no event of its own, as an event behind its last one. Undefined for one that has ended otherwise, or lives. */
export async function readUntrackedEnd(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamId: string,
): Promise<RecordedEvent | undefined> {
  const [end] = await sql.execute<EventRow>(
    `select ${eventColumns} from ${quoteIdentifier(schema)}.untracked_end($1, $2, null)`,
    [category, streamId],
  );
  return end && toRecordedEvent(end);
}
