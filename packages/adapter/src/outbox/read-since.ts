import type { Database } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';
import type { Checkpoint } from './checkpoint.js';
import { GapAwareReader } from './gap-aware-reader.js';

/** What was committed since a checkpoint, by whatever connection, in the order of the log. */
export async function readSince(
  database: Database,
  schema: string,
  checkpoint: Checkpoint,
): Promise<RecordedEvent[]> {
  const reader = new GapAwareReader(database, schema, checkpoint, { includeBackfill: true }, 1000);
  const events: RecordedEvent[] = [];
  for (;;) {
    const page = await reader.next();
    events.push(...page.events);
    if (!page.full) return events;
  }
}
