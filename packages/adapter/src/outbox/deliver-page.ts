import type { RecordedEvent } from '../event/index.js';
import { checkpointBefore } from './checkpoint-before.js';
import type { DeliveryPlace } from './delivery-place.js';
import type { DeliverablePage } from './gap-aware-reader.js';
import { EventFailure, type Subscription } from './subscription.js';

/** Each event once; nothing is tried again or parked. @throws the error of the first that can't be handled, as it is */
export async function deliverPage(
  subscription: Subscription,
  place: DeliveryPlace,
  page: DeliverablePage,
  onHandled: (events: readonly RecordedEvent[]) => void,
): Promise<void> {
  const { events } = page;
  const { signal } = new AbortController();
  const inTransaction = (first: number, batch: readonly RecordedEvent[]): Promise<number> =>
    place.handle(async (manager) => {
      const count = await subscription.handle(batch, { attempt: 1, signal, manager });
      return { settlement: { checkpoint: checkpointBefore(page, first + count) }, result: count };
    });
  const alone = async (first: number, batch: readonly RecordedEvent[]): Promise<number> => {
    const { count, failure } = await attempt(subscription, batch, signal);
    if (first + count > 0) await place.settle({ checkpoint: checkpointBefore(page, first + count) });
    if (!failure) return count;
    onHandled(batch.slice(0, count));
    throw failure;
  };
  try {
    for (let next = 0; next < events.length;) {
      const batch = events.slice(next, next + subscription.batchSize);
      const count = await (subscription.transactional ? inTransaction : alone)(next, batch);
      onHandled(batch.slice(0, count));
      next += count;
    }
  } catch (error) {
    throw error instanceof EventFailure ? error.cause : error;
  }
  if (events.length === 0) await place.settle({ checkpoint: page.checkpointAt(page.scannedTo) });
}

/** How many were handled, and what the next one has failed with. */
async function attempt(
  subscription: Subscription,
  batch: readonly RecordedEvent[],
  signal: AbortSignal,
): Promise<{ count: number; failure?: EventFailure }> {
  try {
    return { count: await subscription.handle(batch, { attempt: 1, signal, manager: undefined }) };
  } catch (error) {
    if (!(error instanceof EventFailure)) throw error;
    return { count: Math.max(0, batch.indexOf(error.event)), failure: error };
  }
}
