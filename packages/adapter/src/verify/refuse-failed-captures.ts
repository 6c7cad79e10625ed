import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { Drift } from '../drift/index.js';
import { BackstoryError } from '../errors.js';
import { streamName } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';

/**
 * The row is right where it was written although its capture had failed: to make it what the events say would undo the write.
 * @throws BackstoryError REPAIR_FAILED for the first of these streams that such a write may have changed, until a verify has settled it
 */
export async function refuseFailedCaptures(
  sql: SqlExecutor,
  schema: string,
  { category, knownAs }: EntityMapping,
  drift: readonly Drift[],
): Promise<void> {
  const [found] = await sql.execute<{ at: number; id: string; named: boolean }>(
    `select (extract(epoch from f.at) * 1000)::float8 as at, coalesce(f.streams @> array[d.id], false) as named, d.id
     from ${quoteIdentifier(schema)}.capture_failures f cross join unnest($2::text[]) d (id)
     where f.settled_at is null and f.category = $1
       and (f.streams @> array[d.id] or coalesce(f.rows > cardinality(f.streams), true))
     order by named desc, f.id limit 1`,
    [category, drift.map(({ streamId }) => streamId)],
  );
  if (!found) return;
  const which = found.named ? streamName(knownAs, found.id) : `"${knownAs}", perhaps of ${found.id},`;
  throw new BackstoryError(
    'REPAIR_FAILED',
    `Rows are not made what their events say: a write of ${which} went on without its event on ${new Date(found.at).toISOString()}, because capture had failed.`,
    `Append what is missing first: npx backstory repair ${knownAs}${found.named ? ` --stream ${found.id}` : ''}`,
  );
}
