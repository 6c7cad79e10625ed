import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { checkpointOf, type StoredCheckpoint } from './checkpoint.js';
import { type ConsumerPlace, eventsDue, type FilterOf } from './events-due.js';

/** Where one partition of a consumer stands. */
export interface ConsumerStatus {
  readonly name: string;
  readonly partition: number;
  readonly position: string;
  /** Positions between its own and the end of the log: events that it has not looked at, and some that never were. */
  readonly lag: number;
  /**
   * What its own filter lets through of these: counted up to 10 000, in the next 10 000 events or more of the log; `more` where there may be
   * others. Null where its filter isn't known, because this process doesn't define it, or where nobody has asked for it.
   */
  readonly due: { readonly events: number; readonly more: boolean } | null;
  /** How long ago the oldest event that it has not looked at was recorded; null when there is none. */
  readonly lagSeconds: number | null;
  /** Positions below its own that may still appear. */
  readonly gaps: number;
  /** Events of all partitions together. */
  readonly parked: number;
  /** Of the event that it is trying again. */
  readonly error: string | null;
  readonly failingSince: Date | null;
  /** The other database in which a projection has its tables and checkpoint: `mariadb reporting`; null in that of the log. */
  readonly place: string | null;
  /** The process that works for it; null when there is none. */
  readonly worker: string | null;
}

type StoredStatus = Omit<ConsumerStatus, 'due'> & {
  readonly stored: StoredCheckpoint['gaps'];
  readonly partitions: number;
};

/** Every consumer that the database knows, running or not. @param filterOf - where it is to be counted what is due */
export async function listConsumers(
  sql: SqlExecutor,
  schema: string,
  filterOf?: FilterOf,
): Promise<ConsumerStatus[]> {
  const table = quoteIdentifier(schema);
  const found = await sql.execute<StoredStatus>(
    `select c.name, c.partitions, c.gaps as stored, c.partition, c.position, greatest(0, coalesce(e.last, 0) - c.position)::float8 as lag,
       (select extract(epoch from clock_timestamp() - n.recorded_at)::float8 from ${table}.events n
        where n.global_position > c.position order by n.global_position limit 1) as "lagSeconds",
       (select coalesce(sum(g.last - g.first + 1), 0)::float8 from ${table}.gaps_of(c.gaps, c.resting_gaps) g) as gaps,
       (select count(*)::float8 from ${table}.parked_events p where p.consumer = c.name) as parked,
       (select p.place from ${table}.projections p where c.name like '%@%' and p.name = split_part(c.name, '@', 1)) as place,
       c.error, c.failing_since as "failingSince",
       case when c.lease_until >= clock_timestamp() then w.host end as worker
     from ${table}.consumers c
     cross join (select max(global_position) as last from ${table}.events) e
     left join ${table}.consumer_workers w on w.consumer = c.name and w.worker = c.owner
     order by c.name, c.partition`,
  );
  const places = found.map(({ stored, ...place }): ConsumerPlace => ({
    ...place,
    filter: filterOf?.(place.name),
    gaps: checkpointOf({ position: place.position, gaps: stored }).gaps,
  }));
  const due = filterOf ? await eventsDue(sql, schema, places) : [];
  return found.map(({ stored: _, partitions: __, ...status }, index) => {
    const { name, partition, position, lag, ...rest } = status;
    return { name, partition, position, lag, due: due[index] ?? null, ...rest };
  });
}
