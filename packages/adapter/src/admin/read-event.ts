import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { type EventRow, listedColumns } from '../event-store/index.js';
import type { MappingRegistry } from '../mapping/index.js';
import { type ListedEvent, listedEvent } from './listed-event.js';

/** Bytes, as they are stored, of what is read for somebody to look at. */
const largestShown = 10_000_000;

/** One event by its position in the log, each of its values up to so many characters. Undefined where there is none. */
export async function readEvent(
  sql: SqlExecutor,
  schema: string,
  mappings: MappingRegistry,
  position: string,
  longest: number,
): Promise<ListedEvent | undefined> {
  const [row] = await sql.execute<EventRow>(
    `select ${listedColumns('e', largestShown)} from ${quoteIdentifier(schema)}.all_events e where e.global_position = $1`,
    [position],
  );
  if (!row) return undefined;
  const event = listedEvent(mappings, row, longest);
  if (event.bytes === null) return event;
  const { category, streamId, streamPosition } = event;
  const problem =
    `It takes ${event.bytes} bytes, which is too much for a page. ` +
    `npx backstory history ${category} ${streamId} --after ${streamPosition - 1} --version ${streamPosition} has it.`;
  return { ...event, problem };
}
