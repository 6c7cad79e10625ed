import type { Backstory } from '../backstory/index.js';
import type { WaitOptions } from '../outbox/index.js';
import { requireNoneParked } from './require-none-parked.js';

/**
 * Resolves when all consumers and projections that are defined in this process have handled everything that was committed, and what their
 * handlers have written in turn, and reads in shadow and snapshots have come to their end. They have to run, here or elsewhere.
 * @param options - `timeoutMs`, for all of them together: 10 000 by default
 * @throws BackstoryError EVENT_PARKED with the error of a handler that has failed; WAIT_TIMED_OUT; UNKNOWN_CONSUMER for one that was never started
 * @example
 * await shipping.ship(42, '1Z999');
 * await settled(backstory);
 */
export async function settled(backstory: Backstory, options: WaitOptions = {}): Promise<void> {
  const { consumers } = backstory;
  const { timeoutMs = 10_000, ...rest } = options;
  const end = performance.now() + timeoutMs;
  const names = consumers.names();
  for (let reached = ''; names.length > 0;) {
    const position = await consumers.lastPosition();
    if (position === reached) break;
    for (const name of names) {
      const left = Math.max(0, Math.round(end - performance.now()));
      await consumers.wait(name, position, { ...rest, timeoutMs: left });
    }
    reached = position;
  }
  for (const name of names) await requireNoneParked(backstory, name);
  await backstory.shadowSettled();
  await backstory.snapshotsSettled();
}
