import { type Database, type SqlExecutor, sqlState } from '../database/index.js';
import { BackstoryError } from '../errors.js';

/** For each statement: an operator's question must not keep a connection of the application's pool for long. */
const limitMs = 5_000;

/** Runs read-only queries in one snapshot, each of which is given up after five seconds. @throws BackstoryError QUERY_TIMED_OUT */
export async function withinTimeLimit<Result>(
  database: Database,
  work: (sql: SqlExecutor) => Promise<Result>,
): Promise<Result> {
  try {
    return await database.snapshot(async (sql) => {
      await sql.execute(`set local statement_timeout = ${limitMs}; set local jit = off`);
      return work(sql);
    });
  } catch (error) {
    if (sqlState(error) !== '57014') throw error;
    throw new BackstoryError(
      'QUERY_TIMED_OUT',
      `The database did not answer within ${limitMs / 1000} seconds.`,
      'Look again later; if it stays so, run ANALYZE on the events table and look at what the server is busy with.',
      { cause: error },
    );
  }
}
