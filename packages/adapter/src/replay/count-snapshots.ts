import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { SnapshotReport } from './take-snapshots.js';

/** What taking an aggregate's snapshots anew would come to. Changes nothing. */
export async function countSnapshots(
  sql: SqlExecutor,
  schema: string,
  { category, snapshotEvery }: EntityMapping,
): Promise<SnapshotReport> {
  const table = quoteIdentifier(schema);
  // every stream that is long enough has an event at this position
  const [counts] = await sql.execute<Omit<SnapshotReport, 'category'>>(
    `select (select count(*)::integer from ${table}.snapshots where category = $1) as removed,
            (select count(*)::integer from ${table}.all_events
             where category = $1 and $2 > 0 and stream_position = $2) as taken`,
    [category, snapshotEvery],
  );
  return { category, removed: 0, taken: 0, ...counts };
}
