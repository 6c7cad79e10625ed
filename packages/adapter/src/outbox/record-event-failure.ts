import type { Database } from '../database/index.js';
import type { RecordedEvent } from '../event/index.js';
import { type Fence, recordFailure } from './consumer-lease.js';
import { errorOfEvent } from './error-of-event.js';

/** Lets operators see what an event is retried for, unless it was erased meanwhile. @throws LeaseLostError */
export function recordEventFailure(
  database: Database,
  schema: string,
  fence: Fence,
  event: RecordedEvent,
  error: string,
): Promise<void> {
  return database.transaction(async (sql) =>
    recordFailure(sql, schema, fence, await errorOfEvent(sql, schema, event, error)),
  );
}
