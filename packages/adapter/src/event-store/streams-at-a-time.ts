import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { bytesAtATime, bytesOfEventSql, hasLargeEventsSql } from './bytes-of-events.js';

const eventsAtATime = 10_000;

/**
 * Splits streams, in their order, into groups whose events may be in memory together: 10 000 events or 1 MB as they are
 * stored, archived ones included. A stream with more is a group of its own, since it is decided over all its events.
 */
export async function streamsAtATime(
  sql: SqlExecutor,
  schema: string,
  category: string,
  streamIds: readonly string[],
): Promise<string[][]> {
  const name = quoteIdentifier(schema);
  const from = (table: string): string =>
    `select e.stream_id, case when l.large then ${bytesOfEventSql('e')} else 0 end as bytes
     from ${name}.${table} e where e.category = $1 and e.stream_id = any ($2::text[])`;
  const sizes = await sql.execute<{ id: string; events: number; bytes: number }>(
    `with l as materialized (select ${hasLargeEventsSql(schema)} as large)
     select i.id, coalesce(s.events, 0)::float8 as events, coalesce(s.bytes, 0)::float8 as bytes
     from unnest($2::text[]) with ordinality i (id, n)
     left join (
       select e.stream_id, count(*) as events, sum(e.bytes) as bytes
       from l, lateral (${from('events')} union all ${from('archived_events')}) e group by e.stream_id
     ) s on s.stream_id = i.id order by i.n`,
    [category, streamIds],
  );
  const groups: string[][] = [];
  let [events, bytes] = [Infinity, 0];
  for (const size of sizes) {
    events += size.events;
    bytes += size.bytes;
    if (events > eventsAtATime || bytes > bytesAtATime) {
      groups.push([]);
      ({ events, bytes } = size);
    }
    groups.at(-1)?.push(size.id);
  }
  return groups;
}
