import type { Database } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';
import { type EventEvolution, readSince, startingPoint } from '../outbox/index.js';

/** From now on: what it returns reads what was committed meanwhile. */
export async function listenTo(
  database: Database,
  schema: string,
  evolution: EventEvolution,
): Promise<() => Promise<RecordedEvent[]>> {
  const start = await startingPoint(database, schema, 'now');
  return async () => (await readSince(database, schema, start)).map((event) => evolution.upcast(event));
}
