import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** Where one partition of a consumer stands. */
export interface ConsumerStatus {
  readonly name: string;
  readonly partition: number;
  readonly position: string;
  /** Positions between its own and the end of the log: events that it has not looked at, and some that never were. */
  readonly lag: number;
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

/** Every consumer that the database knows, running or not. */
export function listConsumers(sql: SqlExecutor, schema: string): Promise<ConsumerStatus[]> {
  const table = quoteIdentifier(schema);
  return sql.execute<ConsumerStatus>(
    `select c.name, c.partition, c.position, greatest(0, coalesce(e.last, 0) - c.position)::float8 as lag,
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
}
