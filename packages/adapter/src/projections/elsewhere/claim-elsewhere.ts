import { type Checkpoint, checkpointOf, type Lease, LeaseLostError } from '../../outbox/index.js';
import { type GenerationElsewhere, isRow, rowOf } from './generation-elsewhere.js';
import type { TargetSession } from './target-database.js';
import { bigint, targetTables } from './target-tables.js';

/** Where a partition stands in its target. */
export interface Claim {
  readonly checkpoint: Checkpoint;
  /** Of the last change of the row. Who knows an older one can't commit any more. */
  readonly moves: bigint;
  /** The epoch of the log in which the checkpoint was moved for the last time. */
  readonly logEpoch: string;
  /** Positions that were passed by without an effect. */
  readonly parked: readonly string[];
}

/** Takes the row of a partition over: whatever another worker has under way there is refused. In a transaction. @throws LeaseLostError */
export async function claimElsewhere(
  session: TargetSession,
  of: GenerationElsewhere,
  lease: Lease,
): Promise<Claim> {
  const { checkpoints, parked } = targetTables(of.target);
  const text = (column: string): string => `${bigint(of.target, 'text', column)}`;
  const row = rowOf(of, lease);
  const [found] = await session.execute<{ position: string; gaps: string; moves: string; epoch: string }>(
    `select ${text('position')} as "position", gaps as "gaps", ${text('moves')} as "moves", ${text('log_epoch')} as "epoch"
     from ${checkpoints} where ${isRow} for update`,
    row,
  );
  if (!found) throw new LeaseLostError(lease);
  await session.execute(`update ${checkpoints} set moves = moves + 1 where ${isRow}`, row);
  const positions = await session.execute<{ position: string }>(
    `select ${text('position')} as "position" from ${parked} where ${isRow}`,
    row,
  );
  return {
    checkpoint: checkpointOf({
      position: found.position,
      gaps: JSON.parse(found.gaps) as [string, string][],
    }),
    moves: BigInt(found.moves) + 1n,
    logEpoch: found.epoch,
    parked: positions.map(({ position }) => position),
  };
}
