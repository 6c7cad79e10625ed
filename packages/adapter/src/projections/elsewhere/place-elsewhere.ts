import {
  type Checkpoint,
  type DeliveryPlace,
  type EnteredLog,
  type Fence,
  type Lease,
  LeaseLostError,
  readCheckpoint,
  type Settlement,
  settleInLog,
  UntoldLogError,
  type Work,
  type WorkerSurroundings,
} from '../../outbox/index.js';
import { agreeOnParked } from './agree-on-parked.js';
import { claimElsewhere } from './claim-elsewhere.js';
import { type GenerationElsewhere, isRow, rowOf } from './generation-elsewhere.js';
import { requireSameLog } from './require-same-log.js';
import { storeElsewhere } from './store-elsewhere.js';
import type { TargetSession } from './target-database.js';
import { bigint, targetTables } from './target-tables.js';

/**
 * Effects, checkpoint, and which events had none are in one transaction of the target. The log is told afterwards; only what is parked
 * it is told before, so that its reason is never lost. Where the two differ after a crash, the target is right.
 */
export class PlaceElsewhere implements DeliveryPlace {
  readonly leaves = true;
  private fence: Fence;
  private moves = -1n;

  constructor(
    private readonly surroundings: WorkerSurroundings,
    private readonly lease: Lease,
    private readonly of: GenerationElsewhere,
    private readonly prepare: () => Promise<void>,
  ) {
    this.fence = { ...lease, logEpoch: '-1' };
  }

  async enter(log: EnteredLog): Promise<Checkpoint> {
    const { database, schema, leaseMs } = this.surroundings;
    this.fence = log.fence;
    await this.prepare();
    const { target } = this.of;
    const claim = await target.transaction(leaseMs, (session) =>
      claimElsewhere(session, this.of, this.lease),
    );
    this.moves = claim.moves;
    const told = await readCheckpoint(database, schema, this.fence);
    await requireSameLog(database, schema, this.of, log, claim, told.position);
    const given = await database.transaction((sql) =>
      agreeOnParked(sql, schema, this.of, this.fence, claim.parked),
    );
    if (given.length > 0) await this.guarded((session) => this.forget(session, given));
    await settleInLog(database, schema, this.fence, { checkpoint: claim.checkpoint });
    return claim.checkpoint;
  }

  async handle<Result>(work: Work<Result>): Promise<Result> {
    const { settlement, result } = await this.guarded(async (session) => {
      const handled = await work(session.manager);
      await this.store(session, handled.settlement);
      return handled;
    });
    await this.tell(settlement);
    return result;
  }

  async settle(settlement: Settlement): Promise<void> {
    const { failed, checkpoint } = settlement;
    // it was parked before: the target has nothing to learn
    if (failed && !checkpoint) {
      const { database, schema } = this.surroundings;
      return settleInLog(database, schema, this.fence, settlement);
    }
    await this.guarded((session) => this.store(session, settlement));
    await this.tell(settlement);
  }

  /** In a transaction that counts only while the row is as this worker has left it. */
  private async guarded<Result>(work: (session: TargetSession) => Promise<Result>): Promise<Result> {
    const { target } = this.of;
    const { checkpoints } = targetTables(target);
    const result = await target.transaction(this.surroundings.leaseMs, async (session) => {
      const [row] = await session.execute<{ moves: string }>(
        `select ${bigint(target, 'text', 'moves')} as "moves" from ${checkpoints} where ${isRow} for update`,
        rowOf(this.of, this.lease),
      );
      if (row?.moves !== String(this.moves)) throw new LeaseLostError(this.lease);
      return work(session);
    });
    this.moves += 1n;
    return result;
  }

  private async store(session: TargetSession, settlement: Settlement): Promise<void> {
    const { database, schema } = this.surroundings;
    const { behind = [], failed } = settlement;
    if (behind.length > 0 || failed)
      await settleInLog(database, schema, this.fence, { behind, ...(failed && { failed }) });
    if (!(await storeElsewhere(session, this.of, this.fence, settlement)))
      throw new LeaseLostError(this.lease);
  }

  private async tell({ checkpoint, retried }: Settlement): Promise<void> {
    const { database, schema } = this.surroundings;
    try {
      await settleInLog(database, schema, this.fence, {
        ...(checkpoint && { checkpoint }),
        ...(retried && { retried }),
      });
    } catch (error) {
      throw error instanceof LeaseLostError ? error : new UntoldLogError(error);
    }
  }

  private async forget(session: TargetSession, positions: readonly string[]): Promise<void> {
    const { checkpoints, parked } = targetTables(this.of.target);
    const row = rowOf(this.of, this.lease);
    for (const position of positions)
      await session.execute(
        `delete from ${parked} where ${isRow} and position = ${bigint(this.of.target, 'value')}`,
        [...row, position],
      );
    await session.execute(`update ${checkpoints} set moves = moves + 1 where ${isRow}`, row);
  }
}
