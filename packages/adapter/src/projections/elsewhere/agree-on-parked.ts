import { quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import { type Fence, partitionSql, requireLease } from '../../outbox/index.js';
import { parkedLost } from './faults-elsewhere.js';
import type { GenerationElsewhere } from './generation-elsewhere.js';

/**
 * Makes the log's parked events those that the target has: it knows what has had no effect, and may have been put back to an older
 * state, or have gone on when the log could not be told. In a transaction.
 * @returns positions that were given up meanwhile, for the target to forget
 */
export async function agreeOnParked(
  sql: SqlExecutor,
  schema: string,
  of: GenerationElsewhere,
  fence: Fence,
  parked: readonly string[],
): Promise<string[]> {
  const table = quoteIdentifier(schema);
  const { consumer } = fence;
  await requireLease(sql, schema, fence);
  await sql.execute(
    `delete from ${table}.parked_events e where consumer = $1 and ${partitionSql('e', fence.partitions)} = $2
       and global_position <> all ($3::bigint[])`,
    [consumer, fence.partition, parked],
  );
  const missing = await sql.execute<{ position: string; discarded: boolean; found: boolean }>(
    `select p.position::text as position,
       exists (select from ${table}.discarded_events where consumer = $1 and global_position = p.position) as discarded,
       exists (select from ${table}.all_events where global_position = p.position) as found
     from unnest($2::bigint[]) p (position)
     where not exists (select from ${table}.parked_events where consumer = $1 and global_position = p.position)`,
    [consumer, parked],
  );
  const lost = missing.filter(({ discarded, found }) => !discarded && !found);
  if (lost.length > 0)
    throw parkedLost(
      of,
      lost.map(({ position }) => position),
    );
  await sql.execute(
    `insert into ${table}.parked_events (consumer, global_position, category, stream_id, error, attempts, failed_at)
     select $1, global_position, category, stream_id, $3, 0, clock_timestamp() from ${table}.all_events
     where global_position = any ($2::bigint[]) on conflict do nothing`,
    [
      consumer,
      missing.filter(({ discarded }) => !discarded).map(({ position }) => position),
      `parked when ${of.target.place} was in the state that it was put back to`,
    ],
  );
  return missing.filter(({ discarded }) => discarded).map(({ position }) => position);
}
