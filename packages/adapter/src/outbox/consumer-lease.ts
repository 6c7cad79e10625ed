import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { type Checkpoint, checkpointOf, storedCheckpoint, type StoredCheckpoint } from './checkpoint.js';
import { storedRanges } from './resting-gaps.js';

/** The right to move the checkpoint of one partition. */
export interface Lease {
  readonly consumer: string;
  readonly partition: number;
  readonly partitions: number;
  readonly epoch: string;
}

/** A lease, and the epoch of the log that its worker has read from: what it does counts only while both are so. */
export interface Fence extends Lease {
  readonly logEpoch: string;
}

/** Another worker has the partition now, or somebody has intervened: what is under way must not count. */
export class LeaseLostError extends BackstoryError {
  override readonly name = 'LeaseLostError';
  constructor({ consumer, partition }: Lease) {
    super(
      'LEASE_LOST',
      `Consumer "${consumer}", partition ${partition}: the lease is gone, or the log is of another epoch.`,
      'Nothing: its next owner goes on from the checkpoint.',
    );
  }
}

type LeaseRow = { partition: number; partitions: number; epoch: string };

/**
 * One beat of a worker: says that it is alive, renews what it has, and takes of what nobody has until it has its share.
 * Times are the database's.
 * @returns the partitions that it has now, and those of them that it is to give back, for others to have their share
 */
export async function beat(
  database: Database,
  schema: string,
  consumer: string,
  worker: { readonly id: string; readonly host: string },
  leaseMs: number,
): Promise<{ kept: Lease[]; surplus: Lease[] }> {
  const table = quoteIdentifier(schema);
  const until = `clock_timestamp() + $3 * interval '1 millisecond'`;
  const alive = await database.execute<{ workers: number }>(
    `with gone as (delete from ${table}.consumer_workers where consumer = $1 and expires_at < clock_timestamp() and worker <> $2),
       me as (insert into ${table}.consumer_workers (consumer, worker, host, expires_at) values ($1, $2, $4, ${until})
              on conflict (consumer, worker) do update set expires_at = excluded.expires_at)
     select 1 + count(*)::integer as workers from ${table}.consumer_workers
     where consumer = $1 and worker <> $2 and expires_at >= clock_timestamp()`,
    [consumer, worker.id, leaseMs, worker.host],
  );
  const workers = alive[0]?.workers ?? 1;
  const rows = await database.execute<LeaseRow>(
    `with renewed as (
       update ${table}.consumers set lease_until = ${until} where name = $1 and owner = $2
       returning partition, partitions, epoch),
     taken as (
       update ${table}.consumers set owner = $2, epoch = epoch + 1, lease_until = ${until}
       where name = $1 and partition in (
         select partition from ${table}.consumers
         where name = $1 and owner is distinct from $2 and (owner is null or lease_until < clock_timestamp())
         order by partition
         limit (select greatest(0, ceil(c.partitions::float8 / $4)::integer - (select count(*) from renewed)::integer)
                from ${table}.consumers c where c.name = $1 limit 1)
         for update skip locked)
       returning partition, partitions, epoch)
     select partition, partitions, epoch from renewed union all select partition, partitions, epoch from taken
     order by partition`,
    [consumer, worker.id, leaseMs, workers],
  );
  const leases = rows.map(({ partition, partitions, epoch }) => ({ consumer, partition, partitions, epoch }));
  const share = Math.ceil((leases[0]?.partitions ?? 1) / workers);
  return { kept: leases.slice(0, share), surplus: leases.slice(share) };
}

/** Gives partitions back, so that others need not wait for the leases to run out. */
export async function release(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  worker: string,
  partitions: readonly number[],
): Promise<void> {
  const table = quoteIdentifier(schema);
  await sql.execute(
    `update ${table}.consumers set owner = null, lease_until = null
     where name = $1 and owner = $2 and partition = any ($3::smallint[])`,
    [consumer, worker, partitions],
  );
}

/** Says that a worker is gone. */
export async function signOff(
  sql: SqlExecutor,
  schema: string,
  consumer: string,
  worker: string,
): Promise<void> {
  const table = quoteIdentifier(schema);
  await sql.execute(`delete from ${table}.consumer_workers where consumer = $1 and worker = $2`, [
    consumer,
    worker,
  ]);
}

/** @throws LeaseLostError */
export async function readCheckpoint(sql: SqlExecutor, schema: string, lease: Lease): Promise<Checkpoint> {
  const [row] = await sql.execute<StoredCheckpoint>(
    `select position, gaps, resting_gaps as resting from ${quoteIdentifier(schema)}.consumers where name = $1 and partition = $2 and epoch = $3`,
    [lease.consumer, lease.partition, lease.epoch],
  );
  if (!row) throw new LeaseLostError(lease);
  return checkpointOf(row);
}

/** A condition on a row of the table of consumers, with the values of `valuesOf` as its parameters. */
export function isHeld(schema: string): string {
  return `name = $1 and partition = $2 and epoch = $3 and ${quoteIdentifier(schema)}.epoch_now() = $4::bigint`;
}

export function valuesOf({ consumer, partition, epoch, logEpoch }: Fence): readonly unknown[] {
  return [consumer, partition, epoch, logEpoch];
}

/** Without a lock: for who has found nothing to do. @throws LeaseLostError */
export async function lookAtFence(sql: SqlExecutor, schema: string, fence: Fence): Promise<void> {
  const held = await sql.execute(
    `select from ${quoteIdentifier(schema)}.consumers where ${isHeld(schema)}`,
    valuesOf(fence),
  );
  if (held.length === 0) throw new LeaseLostError(fence);
}

/** Holds off whoever wants to take the partition, until the transaction ends. @throws LeaseLostError */
export async function requireLease(sql: SqlExecutor, schema: string, fence: Fence): Promise<void> {
  const held = await sql.execute(
    `select from ${quoteIdentifier(schema)}.consumers where ${isHeld(schema)} for share`,
    valuesOf(fence),
  );
  if (held.length === 0) throw new LeaseLostError(fence);
}

/**
 * Moves the checkpoint, in the transaction of what was handled. The epoch is compared in the same statement: a worker
 * that was stopped and has lost its lease meanwhile can't commit. Gaps that rest are sent only where others stand in the row: there may be very many.
 * @throws LeaseLostError
 */
export async function storeCheckpoint(
  sql: SqlExecutor,
  schema: string,
  fence: Fence,
  checkpoint: Checkpoint,
): Promise<void> {
  const { resting } = checkpoint;
  const store = (more: string, ...values: unknown[]): Promise<unknown[]> =>
    sql.execute(
      `update ${quoteIdentifier(schema)}.consumers
       set position = $5, gaps = $6, error = null, failing_since = null, updated_at = clock_timestamp()${more} returning 1`,
      [...valuesOf(fence), ...storedCheckpoint(checkpoint), ...values],
    );
  const held = `where ${isHeld(schema)}`;
  const stored = await (resting
    ? store(` ${held} and gaps->0->>1 = $7`, resting.name)
    : store(`, resting_gaps = '[]' ${held}`));
  if (stored.length > 0) return;
  const whole = resting ? await store(`, resting_gaps = $7 ${held}`, storedRanges(resting)) : [];
  if (whole.length === 0) throw new LeaseLostError(fence);
}

/** Lets operators see what is being retried. @throws LeaseLostError */
export async function recordFailure(
  sql: SqlExecutor,
  schema: string,
  fence: Fence,
  error: string,
): Promise<void> {
  const stored = await sql.execute(
    `update ${quoteIdentifier(schema)}.consumers
     set error = $5, failing_since = coalesce(failing_since, clock_timestamp())
     where ${isHeld(schema)} returning 1`,
    [...valuesOf(fence), error],
  );
  if (stored.length === 0) throw new LeaseLostError(fence);
}
