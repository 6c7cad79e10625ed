import type { Backstory } from '../backstory/index.js';
import type { RecordedEvent } from '../event/index.js';
import type { StartAt } from '../outbox/index.js';
import { requireNoneParked } from './require-none-parked.js';

export interface RunOnceOptions {
  /**
   * Where a consumer begins that the database doesn't know yet, whatever its definition says.
   * @defaultValue 'beginning': what a test has written before the first run is due. On a log that other tests have filled, theirs, too: say `now` first
   */
  readonly from?: StartAt;
}

/**
 * Delivers everything that is due to a consumer or projection that is defined and doesn't run, in this call: no worker, no waiting, nothing is tried again.
 * What its handlers write is due the next time.
 * @returns the events that were handled, in the order of the log
 * @throws the error of the first handler that fails, as it is; its event and those behind it stay due, nothing is parked
 * @throws BackstoryError CONSUMER_RUNS, UNKNOWN_CONSUMER; EVENT_PARKED where an earlier run in the background has parked events
 * @example
 * await shipping.ship(42, '1Z999');
 * const handled = await runOnce(backstory, 'mailer');
 */
export async function runOnce(
  backstory: Backstory,
  consumer: string,
  { from = 'beginning' }: RunOnceOptions = {},
): Promise<RecordedEvent[]> {
  const { consumers } = backstory;
  if (consumers.names().includes(consumer)) await requireNoneParked(backstory, consumer);
  return consumers.deliverOnce(consumer, from);
}
