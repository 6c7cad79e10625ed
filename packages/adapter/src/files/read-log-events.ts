import type { Database } from '../database/index.js';
import {
  type EventAtPosition,
  nextPosition,
  PageLength,
  pinForSeals,
  readSealedEvents,
} from '../seals/index.js';

/** The events of the log from one position to another, wherever they stand, in pages that memory has room for. */
export async function* readLogEvents(
  database: Database,
  schema: string,
  from: bigint,
  to: bigint,
): AsyncGenerator<readonly EventAtPosition[], void, undefined> {
  const length = new PageLength();
  for (let next = from; next <= to;) {
    const begin = next;
    const page = await database.snapshot(async (sql) => {
      await pinForSeals(sql);
      const end = begin + length.positions - 1n < to ? begin + length.positions - 1n : to;
      const found = await readSealedEvents(sql, schema, begin, end);
      next = found.events.length > 0 ? end + 1n : await nextPosition(sql, schema, end);
      return found;
    });
    length.learn(page);
    yield page.events;
  }
}
