import type { SqlExecutor } from '../database/index.js';
import type { EventData } from '../event/index.js';
import { readStreams } from '../event-store/index.js';
import { fold } from './fold.js';

/**
 * The replayed states of many streams of one category, with one query.
 * Streams that aren't there or whose entity was deleted are left out.
 */
export async function replayStreams(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamIds: readonly string[],
): Promise<Map<string, EventData>> {
  const states = new Map<string, EventData>();
  for (const [id, events] of await readStreams(sql, schema, category, streamIds)) {
    const state = fold(category, events);
    if (state) states.set(id, state);
  }
  return states;
}
