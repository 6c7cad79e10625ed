import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** How many events were recorded in each of the last minutes. */
export interface EventRates {
  /** Oldest minute first, the current one last; none for a category without events in that time. */
  readonly byCategory: ReadonlyMap<string, readonly number[]>;
  /** Only the newest events are read: set when the counts before this moment are not complete. */
  readonly completeSince: Date | null;
}

const minutes = 30;
/** Events at the end of the log that are read: a few milliseconds, however long the log is. */
const eventsRead = 10_000;

export async function readEventRates(sql: SqlExecutor, schema: string): Promise<EventRates> {
  const events = `${quoteIdentifier(schema)}.events`;
  const since = `now() - interval '${minutes} minutes'`;
  const counts = await sql.execute<{ category: string; ago: number; count: number; earliest: Date }>(
    `select e.category, floor(greatest(extract(epoch from now() - e.recorded_at), 0) / 60)::integer as ago,
       count(*)::integer as count, min(e.recorded_at) as earliest
     from (select v.category, v.recorded_at from ${events} v order by v.global_position desc limit ${eventsRead}) e
     where e.recorded_at > ${since}
     group by 1, 2`,
  );
  const [before] = await sql.execute<{ recent: boolean }>(
    `select e.recorded_at > ${since} as recent from ${events} e order by e.global_position desc offset ${eventsRead} limit 1`,
  );
  const byCategory = new Map<string, number[]>();
  for (const { category, ago, count } of counts) {
    if (ago >= minutes) continue;
    const ofCategory = byCategory.get(category) ?? new Array<number>(minutes).fill(0);
    ofCategory[minutes - 1 - ago] = count;
    byCategory.set(category, ofCategory);
  }
  const earliest = Math.min(...counts.map((row) => row.earliest.getTime()));
  return { byCategory, completeSince: before?.recent ? new Date(earliest) : null };
}
