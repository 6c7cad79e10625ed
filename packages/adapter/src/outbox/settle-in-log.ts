import type { Database, SqlExecutor } from '../database/index.js';
import { type Fence, requireLease, storeCheckpoint } from './consumer-lease.js';
import { park, parkedBehind, parkFailed, unpark } from './parked-events.js';
import type { Settlement } from './settlement.js';

/** In a transaction that is open. @throws LeaseLostError */
export async function settleWith(
  sql: SqlExecutor,
  schema: string,
  fence: Fence,
  { checkpoint, behind = [], failed, retried }: Settlement,
): Promise<void> {
  const { consumer } = fence;
  if (failed) await parkFailed(sql, schema, consumer, failed);
  await park(sql, schema, consumer, behind.map(parkedBehind));
  if (checkpoint) await storeCheckpoint(sql, schema, fence, checkpoint);
  else await requireLease(sql, schema, fence);
  if (retried) await unpark(sql, schema, consumer, retried);
}

/** In a transaction of its own, where one is needed. @throws LeaseLostError */
export async function settleInLog(
  database: Database,
  schema: string,
  fence: Fence,
  settlement: Settlement,
): Promise<void> {
  const { behind = [], failed, retried } = settlement;
  // One statement needs no transaction around it.
  if (behind.length === 0 && !failed && !retried) return settleWith(database, schema, fence, settlement);
  await database.transaction((sql) => settleWith(sql, schema, fence, settlement));
}
