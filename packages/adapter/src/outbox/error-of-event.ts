import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';

/**
 * What is kept of an error that an event was handled with: `erased` where values of the event have been erased since it was read, for
 * the error may repeat them. First in its transaction: who erases waits for it, or is waited for, and then is seen.
 */
export async function errorOfEvent(
  sql: SqlExecutor,
  schema: string,
  { globalPosition, metadata }: RecordedEvent,
  error: string,
): Promise<string> {
  const name = quoteIdentifier(schema);
  await sql.execute(`select ${name}.take_locks('erasure', array[0], true)`);
  const [erased] = await sql.execute(
    `select from ${name}.events where global_position = $1
       and (metadata -> 'erased' is distinct from $2::jsonb or metadata ->> 'actor' is distinct from $3)`,
    [
      globalPosition,
      metadata.erased === undefined ? null : JSON.stringify(metadata.erased),
      metadata.actor ?? null,
    ],
  );
  return erased ? 'erased' : error;
}
