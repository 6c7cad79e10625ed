import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { MovedStream } from './delivered-ends.js';

/** Moves the events of some streams to the archive, and drops their snapshots, which are of positions that nobody begins at. */
export async function moveEvents(
  sql: SqlExecutor,
  schema: string,
  { category }: EntityMapping,
  streams: readonly MovedStream[],
): Promise<number> {
  const name = quoteIdentifier(schema);
  const moved = `unnest($2::text[], $3::bigint[]) m (id, through)`;
  const values = [category, streams.map(({ id }) => id), streams.map(({ through }) => through)];
  // a stand-in goes where the archive has what it stands for
  const [copied] = await sql.execute<{ events: number }>(
    `with copied as (
       insert into ${name}.archived_events
       select v.* from ${moved} join ${name}.events v on v.category = $1 and v.stream_id = m.id and v.stream_position <= m.through
       on conflict (category, stream_id, stream_position) do nothing
       returning 1
     ), noted as (
       insert into ${name}.archived_streams (category, stream_id, through) select $1, m.id, m.through from ${moved}
       on conflict (category, stream_id) do update set through = excluded.through, archived_at = now()
     ), dropped as (
       delete from ${name}.snapshots n using ${moved} where n.category = $1 and n.stream_id = m.id
     )
     select count(*)::float8 as events from copied`,
    values,
  );
  await sql.execute(
    `delete from ${name}.events v using ${moved}
     where v.category = $1 and v.stream_id = m.id and v.stream_position <= m.through`,
    values,
  );
  return (copied as { events: number }).events;
}
