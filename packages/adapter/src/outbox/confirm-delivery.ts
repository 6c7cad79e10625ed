import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { type Fence, isHeld, LeaseLostError, valuesOf } from './consumer-lease.js';

/**
 * Before events leave the database: makes sure that a crash can't take them back, that the lease is held, and that the log is
 * still the one that they were read from. Whatever was visible then was written to the log before, so a commit that waits for the
 * disk (and for synchronous standbys) brings it there, whatever `synchronous_commit` its writers had. A row lock is a write of some
 * bytes, which leaves nothing behind: no version of the row, and nothing for logical replication.
 * @param durable - the condition under which nothing has to be written
 * @throws LeaseLostError
 */
export async function confirmDelivery(
  sql: SqlExecutor,
  schema: string,
  fence: Fence,
  durable = 'false',
): Promise<void> {
  const consumers = `${quoteIdentifier(schema)}.consumers`;
  const held = isHeld(schema);
  const [row] = await sql.execute<{ held: boolean }>(
    `with flushed as materialized (
       select set_config('synchronous_commit', case when current_setting('synchronous_commit') in ('off', 'local')
         then 'on' else current_setting('synchronous_commit') end, true)
       from ${consumers} where ${held} and not ${durable} for no key update)
     select exists (select from ${consumers} where ${held}) as held, (select count(*) from flushed) as flushed`,
    valuesOf(fence),
  );
  if (!row?.held) throw new LeaseLostError(fence);
}
