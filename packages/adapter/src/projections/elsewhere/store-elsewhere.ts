import { type Fence, type Settlement, storedWhole } from '../../outbox/index.js';
import { type GenerationElsewhere, isRow, rowOf } from './generation-elsewhere.js';
import type { TargetSession } from './target-database.js';
import { bigint, targetTables } from './target-tables.js';

/** Stores what was handled in the transaction that has handled it; the row is locked. @returns whether an event that was parked still was */
export async function storeElsewhere(
  session: TargetSession,
  of: GenerationElsewhere,
  fence: Fence,
  { checkpoint, behind = [], failed, retried }: Settlement,
): Promise<boolean> {
  const { checkpoints, parked } = targetTables(of.target);
  const row = rowOf(of, fence);
  const value = bigint(of.target, 'value');
  // one that has failed again has been there all the time
  const passed = [...behind, ...(failed && checkpoint ? [failed.event] : [])];
  for (const { globalPosition } of passed)
    await session.execute(
      `insert into ${parked} (projection, generation, partition_no, position) values (?, ?, ?, ${value})`,
      [...row, globalPosition],
    );
  if (retried) {
    const place = [...row, retried.globalPosition];
    const [found] = await session.execute(
      `select 1 as found from ${parked} where ${isRow} and position = ${value}`,
      place,
    );
    if (!found) return false;
    await session.execute(`delete from ${parked} where ${isRow} and position = ${value}`, place);
  }
  const moved = checkpoint ? `position = ${value}, gaps = ?, log_epoch = ${value}, ` : '';
  await session.execute(`update ${checkpoints} set ${moved}moves = moves + 1 where ${isRow}`, [
    ...(checkpoint ? [...storedWhole(checkpoint), fence.logEpoch] : []),
    ...row,
  ]);
  return true;
}
