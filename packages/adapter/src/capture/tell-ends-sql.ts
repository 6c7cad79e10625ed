import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, schemaVersionSql, streamIdSql } from '../mapping/index.js';
import type { StreamTables } from './stream-tables.js';

/**
 * For new rows whose streams have ended without an event of their own: that event, before the one with which they begin anew. It has the
 * time and the context of the work that has deleted the row, and takes away the parts that went with it.
 */
export function tellEndsSql(mapping: EntityMapping, tables: StreamTables, rows: string): string {
  const name = quoteIdentifier(tables.schema);
  const category = quoteLiteral(mapping.category);
  const version = schemaVersionSql(mapping);
  const ids = `select distinct ${streamIdSql(mapping, 'n')} as stream_id from ${rows} n`;
  const ofStream = `u.category = ${category} and u.stream_id = k.stream_id`;
  return `  if exists (select from (${ids}) k where exists (select from ${name}.untracked_ends u where ${ofStream})) then
    insert into ${tables.written} (category, stream_id, stream_position, recorded_at, change, type, data, metadata${version.column}${tables.column})
    select ${category}, k.stream_id, h.position + 1, e.ended_at, 'd', ${quoteLiteral(mapping.eventTypes.deleted)}, ${partsLeft(mapping, name)}, w.metadata${version.value}${tables.value}
    from (${ids}) k
    cross join lateral (select u.ended_at, u.work from ${name}.untracked_ends u where ${ofStream} order by u.mark desc limit 1) e
    join ${name}.untracked_work w on w.id = e.work
    cross join lateral (${tables.head(category, 'k.stream_id')}) h
    where h.position is not null and ${name}.ended_untracked(${category}, k.stream_id);
  end if;
`;
}

/** What this transaction has told of parts itself, such as that they are there again, is left to that. */
function partsLeft({ category, parts }: EntityMapping, name: string): string {
  if (parts.length === 0) return `'{}'`;
  const paths = parts.map(({ part }) => quoteLiteral(part.path)).join(', ');
  return `(
      select coalesce(json_object_agg(x.path, x.gone), '{}') from (
        select y.path, json_object_agg(y.id, null) as gone from (
          select distinct on (p.path, d.id) p.path, d.id, d.patch
          from ${name}.events v cross join unnest(array[${paths}]) p (path) cross join lateral json_each(v.data -> p.path) d (id, patch)
          where v.category = ${quoteLiteral(category)} and v.stream_id = k.stream_id and v.change <> 'n'
          order by p.path, d.id, v.stream_position desc) y
        where json_typeof(y.patch) <> 'null' and not exists (
          select from ${name}.pending_events q
          where q.transaction = pg_current_xact_id() and q.category = ${quoteLiteral(category)} and q.stream_id = k.stream_id
            and (q.data::jsonb -> y.path) ? y.id)
        group by y.path) x)`;
}
