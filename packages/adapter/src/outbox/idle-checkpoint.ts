import { storedCheckpoint } from './checkpoint.js';
import { type Fence, lookAtFence } from './consumer-lease.js';
import type { DeliveryPlace } from './delivery-place.js';
import type { DeliverablePage } from './gap-aware-reader.js';
import type { WorkerSurroundings } from './worker-surroundings.js';

/** How much later a checkpoint may be stored that only passes by events which the filter refuses. */
const idleCheckpointMs = 100;
/** How often a worker that finds nothing looks whether the log is still the one that it reads. */
const lookMs = 1000;

/** The checkpoint while nothing is for this consumer. Rarely stored: it would be a write for every look. */
export class IdleCheckpoint {
  private storedAt = 0;
  private stored = '';
  private lookedAt = performance.now();

  constructor(
    private readonly surroundings: Pick<WorkerSurroundings, 'database' | 'schema'>,
    private readonly fence: Fence,
    private readonly place: DeliveryPlace,
  ) {}

  /** @throws LeaseLostError */
  async passBy(page: DeliverablePage): Promise<void> {
    if (page.events.length > 0) return;
    const { database, schema } = this.surroundings;
    const checkpoint = page.checkpointAt(page.scannedTo);
    const state = storedCheckpoint(checkpoint).join();
    const now = performance.now();
    if (state === this.stored || now - this.storedAt < idleCheckpointMs) {
      if (now - this.lookedAt < lookMs) return;
      this.lookedAt = now;
      return lookAtFence(database, schema, this.fence);
    }
    await this.place.settle({ checkpoint });
    this.stored = state;
    this.storedAt = now;
    this.lookedAt = now;
  }
}
