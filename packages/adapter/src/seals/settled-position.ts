import { setTimeout as sleep } from 'node:timers/promises';
import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { eventWriters, writersLeft } from '../outbox/index.js';

/** Up to where the log can't get any further event. */
export interface SettledPosition {
  readonly settled: bigint;
  /** Of the newest event that is there. */
  readonly newest: bigint;
}

/**
 * Looks, as consumers do, at the transactions that may have drawn a position which isn't there yet. When all of them have ended,
 * everything up to the newest event is settled; while one is open, what is below the lowest position that it may still fill.
 * Waits for short ones.
 */
export async function settledPosition(
  sql: SqlExecutor,
  schema: string,
  sealed: bigint,
  patienceMs: number,
): Promise<SettledPosition> {
  const newest = await newestPosition(sql, schema);
  if (newest <= sealed) return { settled: sealed, newest };
  let writers = await eventWriters(sql, schema);
  const end = performance.now() + patienceMs;
  while (writers.size > 0 && performance.now() < end) {
    await sleep(10);
    writers = writersLeft(writers, await eventWriters(sql, schema));
  }
  if (writers.size === 0) return { settled: newest, newest };
  return { settled: await beforeTheFirstGap(sql, schema, sealed, newest), newest };
}

async function newestPosition(sql: SqlExecutor, schema: string): Promise<bigint> {
  const name = quoteIdentifier(schema);
  const [row] = await sql.execute<{ newest: string }>(
    `select greatest(0, (select max(global_position) from ${name}.events), (select max(global_position) from ${name}.archived_events)) as newest`,
  );
  return BigInt(row?.newest ?? 0);
}

async function beforeTheFirstGap(
  sql: SqlExecutor,
  schema: string,
  sealed: bigint,
  newest: bigint,
): Promise<bigint> {
  const name = quoteIdentifier(schema);
  const [gap] = await sql.execute<{ previous: string }>(
    `select previous from (
       select position, lag(position, 1, $1::bigint) over (order by position) as previous from (
         select global_position as position from ${name}.events where global_position > $1 and global_position <= $2
         union all select global_position from ${name}.archived_events where global_position > $1 and global_position <= $2) e) e
     where position > previous + 1 order by position limit 1`,
    [String(sealed), String(newest)],
  );
  return gap ? BigInt(gap.previous) : newest;
}
