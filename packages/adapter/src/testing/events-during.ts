import type { Backstory } from '../backstory/index.js';
import type { RecordedEvent } from '../event/index.js';

/**
 * The events that were committed while `work` ran, by whatever connection or process, as the code of today knows them and in the
 * order of the log. What was there before doesn't matter, so the log needs no emptying between tests; of tests that run at the same time
 * on one database each gets the events of all. What a transaction has not committed yet, or has rolled back, is not there.
 * @returns once `work` has resolved. Events that consumers write in the background afterwards are none of these: await {@link settled} inside
 * @throws what `work` throws, as it is
 * @example
 * const [shipped] = await eventsDuring(backstory, () => shipping.ship(42, '1Z999'));
 */
export async function eventsDuring(backstory: Backstory, work: () => unknown): Promise<RecordedEvent[]> {
  const recorded = await backstory.consumers.listen();
  await work();
  return recorded();
}
