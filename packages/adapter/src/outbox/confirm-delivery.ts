import { quoteIdentifier, sqlState, type SqlExecutor } from '../database/index.js';
import { type Fence, isHeld, LeaseLostError, valuesOf } from './consumer-lease.js';

/** Where the server doesn't tell how far its write-ahead log is on disk: not there, not supported, not allowed. */
const untold = new Set(['42883', '0A000', '42501', '55000']);

/** Databases that have been asked in vain. */
const silent = new WeakSet<SqlExecutor>();

/**
 * Before events leave the database: makes sure that a crash can't take them back, that the lease is held, and that the log is
 * still the one that they were read from. Whatever was visible then was written to the log before, so a commit that waits for the
 * disk (and for synchronous standbys) brings it there, whatever `synchronous_commit` its writers had. Where everything is
 * on disk, which is so when they wait themselves, nothing is written.
 * @throws LeaseLostError
 */
export async function confirmDelivery(sql: SqlExecutor, schema: string, fence: Fence): Promise<void> {
  const confirm = async (isOpen: string): Promise<void> => {
    const [row] = await sql.execute<{ held: boolean }>(confirmSql(schema, isOpen), valuesOf(fence));
    if (!row?.held) throw new LeaseLostError(fence);
  };
  if (silent.has(sql)) return confirm('true');
  try {
    await confirm(
      `(pg_current_wal_insert_lsn() > pg_current_wal_flush_lsn() or current_setting('synchronous_standby_names') <> '')`,
    );
  } catch (error) {
    if (!untold.has(sqlState(error) ?? '')) throw error;
    await confirm('true');
    silent.add(sql);
  }
}

/** A row lock is a write of some bytes, which leaves nothing behind: no version of the row, and nothing for logical replication. */
function confirmSql(schema: string, isOpen: string): string {
  const consumers = `${quoteIdentifier(schema)}.consumers`;
  const held = isHeld(schema);
  return `with flushed as materialized (
      select set_config('synchronous_commit', case when current_setting('synchronous_commit') in ('off', 'local')
        then 'on' else current_setting('synchronous_commit') end, true)
      from ${consumers} where ${held} and ${isOpen} for no key update)
    select exists (select from ${consumers} where ${held}) as held, (select count(*) from flushed) as flushed`;
}
