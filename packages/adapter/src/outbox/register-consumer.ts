import { archiveLockSql, type Database, quoteIdentifier } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import { type Checkpoint, storedCheckpoint } from './checkpoint.js';
import { eventWriters } from './event-writers.js';
import type { PositionRange } from './position-range.js';
import { requireCheckpoint } from './require-checkpoint.js';
import type { StartAt, Subscription } from './subscription.js';

/**
 * Makes the checkpoints of a consumer that isn't known yet. For one that is, `from` means nothing any more.
 * @throws InvalidOptionsError for another number of partitions than it was made with
 * @throws BackstoryError CHECKPOINT_AHEAD for a position that this log has never come to
 */
export async function registerConsumer(
  database: Database,
  schema: string,
  { name, partitions, from }: Pick<Subscription, 'name' | 'partitions' | 'from'>,
): Promise<void> {
  const table = quoteIdentifier(schema);
  const known = async (): Promise<number | undefined> =>
    (
      await database.execute<{ partitions: number }>(
        `select partitions from ${table}.consumers where name = $1 limit 1`,
        [name],
      )
    )[0]?.partitions;
  if ((await known()) === undefined) {
    const begin = await startingPoint(database, schema, from);
    await requireCheckpoint(database, schema, name, begin.position);
    const start = storedCheckpoint(begin);
    await database.transaction((sql) =>
      sql.execute(
        `with admitted as materialized (select ${archiveLockSql(schema, 'shared')})
       insert into ${table}.consumers (name, partition, partitions, position, gaps)
       select $1, p, $2, $3, $4 from generate_series(0, $2::integer - 1) p cross join admitted
       where not exists (select from ${table}.consumers where name = $1)
       on conflict do nothing`,
        [name, partitions, ...start],
      ),
    );
  }
  const made = await known();
  if (made !== undefined && made !== partitions) {
    const from = await safePosition(database, schema, name);
    throw new InvalidOptionsError(
      `Consumer "${name}" has ${made} partitions, and ${partitions} were asked for: its streams would change places.`,
      `Keep partitions: ${made}. For another number stop it in all processes, and define it under a new name with from: '${from}': nothing is lost, and some events come again.`,
    );
  }
}

/** Behind which a consumer may begin anew without losing what a partition, a gap or a parked event has kept back. */
async function safePosition(database: Database, schema: string, name: string): Promise<string> {
  const table = quoteIdentifier(schema);
  const [row] = await database.execute<{ position: string }>(
    `select least(min(c.position), min(g.first) - 1,
       (select min(p.global_position) - 1 from ${table}.parked_events p where p.consumer = $1))::text as position
     from ${table}.consumers c left join ${table}.gaps_of(c.gaps, c.resting_gaps) g on true where c.name = $1`,
    [name],
  );
  return row?.position ?? '0';
}

/** `now` delivers what is committed from here on, also by transactions that have drawn lower positions already. */
export async function startingPoint(database: Database, schema: string, from: StartAt): Promise<Checkpoint> {
  if (from === 'beginning') return { position: 0n, gaps: [] };
  if (from !== 'now') return { position: BigInt(from), gaps: [] };
  const events = `${quoteIdentifier(schema)}.events`;
  const writers = await eventWriters(database, schema);
  const [end] = await database.execute<{ position: string }>(
    `select coalesce(max(global_position), 0) as position from ${events}`,
  );
  const position = BigInt(end?.position ?? 0);
  if (writers.size === 0) return { position, gaps: [] };
  const gaps = await database.execute<{ first: string; last: string }>(
    `select previous + 1 as first, global_position - 1 as last
     from (select global_position, lag(global_position, 1, 0::bigint) over (order by global_position) as previous
           from ${events} where global_position <= $1) e
     where global_position > previous + 1 order by 1`,
    [String(position)],
  );
  return {
    position,
    gaps: gaps.map(({ first, last }): PositionRange => ({ from: BigInt(first), to: BigInt(last) })),
  };
}
