import { type Database, pinSettings, type SqlExecutor, stoppableSnapshot } from '../database/index.js';
import type { VerifyScope } from './verify-scope.js';

/** The least memory that PostgreSQL takes for a sort or hash before it goes to the disk. */
const workMemory = '64MB';

/**
 * Runs comparisons read-only in one snapshot, with the settings on which the text of values depends pinned.
 * @throws StoppedError when the signal comes first
 */
export function inOneSnapshot<Result>(
  database: Database,
  { few }: VerifyScope,
  work: (sql: SqlExecutor) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  return stoppableSnapshot(database, signal, async (sql) => {
    await pinSettings(sql);
    // where statistics are missing or old, the planner takes many events for few, and looks at all for each
    if (!few) await sql.execute('set local enable_nestloop = off');
    await sql.execute(
      `select set_config('work_mem', '${workMemory}', true)
       where pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('${workMemory}')`,
    );
    return work(sql);
  });
}
