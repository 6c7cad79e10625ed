import { quoteIdentifier, sqlState, type SqlExecutor } from '../database/index.js';

/** Of servers that don't tell how far their write-ahead log is on disk: not there, not supported, not allowed. */
const untold = new Set(['42883', '0A000', '42501', '55000']);

const everythingIsOnDisk = `pg_current_wal_insert_lsn() <= pg_current_wal_flush_lsn() and current_setting('synchronous_standby_names') = ''`;

/**
 * A condition that holds when what the statement sees can't be lost by a crash, and the log is still of this epoch. Whatever is
 * visible has its commit in the write-ahead log, before the end that the condition looks at.
 * @returns undefined where the server doesn't tell
 */
export async function durableSql(
  sql: SqlExecutor,
  schema: string,
  logEpoch: string,
): Promise<string | undefined> {
  try {
    await sql.execute(`select ${everythingIsOnDisk}`);
  } catch (error) {
    if (untold.has(sqlState(error) ?? '')) return undefined;
    throw error;
  }
  return `(${everythingIsOnDisk} and ${quoteIdentifier(schema)}.epoch_now() = ${BigInt(logEpoch)})`;
}
