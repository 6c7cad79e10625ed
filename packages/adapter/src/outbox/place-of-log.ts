import type { Checkpoint } from './checkpoint.js';
import { type Fence, type Lease, readCheckpoint } from './consumer-lease.js';
import type { DeliveryPlace, Work } from './delivery-place.js';
import type { EnteredLog } from './enter-log.js';
import { requireCheckpoint } from './require-checkpoint.js';
import { settleInLog, settleWith } from './settle-in-log.js';
import type { Settlement } from './settlement.js';
import type { WorkerSurroundings } from './worker-surroundings.js';

/** The checkpoint is in the log's database: effects are in its transaction there, or anywhere, and then it moves after them. */
export class PlaceOfLog implements DeliveryPlace {
  readonly leaves: boolean;
  private fence: Fence;

  constructor(
    private readonly surroundings: WorkerSurroundings,
    lease: Lease,
    private readonly transactional: boolean,
  ) {
    this.leaves = !transactional;
    this.fence = { ...lease, logEpoch: '-1' };
  }

  async enter({ fence }: EnteredLog): Promise<Checkpoint> {
    const { database, schema } = this.surroundings;
    this.fence = fence;
    const checkpoint = await readCheckpoint(database, schema, fence);
    await requireCheckpoint(database, schema, fence.consumer, checkpoint.position);
    return checkpoint;
  }

  async handle<Result>(work: Work<Result>): Promise<Result> {
    const { schema, transactions, leaseMs } = this.surroundings;
    if (this.transactional)
      return transactions.run(leaseMs, async (sql, manager) => {
        const { settlement, result } = await work(manager);
        await settleWith(sql, schema, this.fence, settlement);
        return result;
      });
    const { settlement, result } = await work(undefined);
    await this.settle(settlement);
    return result;
  }

  settle(settlement: Settlement): Promise<void> {
    return settleInLog(this.surroundings.database, this.surroundings.schema, this.fence, settlement);
  }
}
