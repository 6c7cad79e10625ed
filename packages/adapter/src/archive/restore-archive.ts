import { type Database, quoteIdentifier } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { ProgressOptions } from '../observation/index.js';

/** What came back from the archive. */
export interface RestoreReport {
  readonly category: string;
  readonly streams: number;
  readonly events: number;
  /** Streams of which the archive has lost the beginning or the end, such as those that were dropped for an export: they stay as they are until it has them again. */
  readonly dropped: number;
  /** It was stopped by its signal: the next run goes on with what is left. */
  readonly stopped?: true;
}

const streamsAtATime = 200;

/**
 * Puts archived events back into the log, in place of what stands for them, batch by batch: it is as it was before. Consumers
 * are past their positions, and don't get them again. A stream that has lost its log since, and begun again, stays as it is.
 */
export async function restoreArchive(
  database: Database,
  schema: string,
  { category }: EntityMapping,
  { onProgress, signal }: ProgressOptions = {},
): Promise<RestoreReport> {
  const name = quoteIdentifier(schema);
  const isThere = `(
    select count(*) from ${name}.archived_events a
    where a.category = s.category and a.stream_id = s.stream_id and a.stream_position in (1, s.through)) = least(s.through, 2)`;
  const [kept] = await database.execute<{ dropped: number }>(
    `select count(*)::float8 as dropped from ${name}.archived_streams s where s.category = $1 and not ${isThere}`,
    [category],
  );
  const report = { category, streams: 0, events: 0, dropped: kept?.dropped ?? 0 };
  const heard = (): void => onProgress?.({ category, done: report.events, unit: 'events' });
  heard();
  for (let streams = streamsAtATime; streams === streamsAtATime;) {
    if (signal?.aborted) return { ...report, stopped: true };
    const [batch] = await database.transaction(async (sql) => {
      // before the streams, in the order in which an import takes them
      await sql.execute(`lock table ${name}.archived_events in row exclusive mode`);
      const ids = await sql.execute<{ id: string }>(
        `delete from ${name}.archived_streams where category = $1 and stream_id in (
           select s.stream_id from ${name}.archived_streams s where s.category = $1 and ${isThere} and not exists (
             select from ${name}.events e
             where e.category = $1 and e.stream_id = s.stream_id and e.stream_position <= s.through and not ${name}.is_stand_in(e.metadata))
           order by s.stream_id limit ${streamsAtATime} for update)
         returning stream_id as id`,
        [category],
      );
      await sql.execute(
        `delete from ${name}.events e using ${name}.archived_events a
         where e.category = $1 and e.stream_id = any ($2::text[]) and ${name}.is_stand_in(e.metadata)
           and a.category = e.category and a.stream_id = e.stream_id and a.stream_position = e.stream_position`,
        [category, ids.map(({ id }) => id)],
      );
      return sql.execute<{ streams: number; events: number }>(
        `with back as (
           delete from ${name}.archived_events where category = $1 and stream_id = any ($2::text[]) returning *
         ), restored as (
           insert into ${name}.events overriding system value select * from back returning 1
         )
         select cardinality($2::text[]) as streams, count(*)::float8 as events from restored`,
        [category, ids.map(({ id }) => id)],
      );
    });
    streams = batch?.streams ?? 0;
    report.streams += streams;
    report.events += batch?.events ?? 0;
    heard();
  }
  return report;
}
