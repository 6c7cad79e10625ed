import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import {
  type EntityMapping,
  rowIdSql,
  rowsOfStreamsSql,
  settledStateSql,
  stateSql,
  streamIdSql,
} from '../mapping/index.js';

/**
 * A query that compares every row of a table with the fold of its stream, or of its place in a stream, both ways, in one
 * snapshot and inside the database. Columns: rows, drifted, missingEvents, missingRows, and drifts (the first $1 of them,
 * as JSON). `onlyStreams` limits it to the ids in $2. What has one event only, which says what the row says to the letter,
 * needs no fold.
 */
export function compareSql(mapping: EntityMapping, schema: string, onlyStreams = false): string {
  const properties = mapping.columns.map((column) => quoteLiteral(column.property)).join(', ');
  const chosenRows = onlyStreams ? `where ${rowsOfStreamsSql(mapping, 't', '$2')}` : '';
  const { streams, replay } = (mapping.part ? partStreamsSql : rootStreamsSql)(mapping, schema, onlyStreams);
  return `
    with row_states as (
      select ${streamIdSql(mapping, 't')} as stream_id, ${mapping.part ? rowIdSql(mapping, 't') : `'' collate "C"`} as row_id, ${stateSql(mapping, 't')} as row
      from ${quoteTable(mapping.table)} t ${chosenRows}
    ), streams as (
      ${streams}
    ), unequal as (
      select * from (select * from row_states ${mapping.part ? 'where stream_id is not null' : ''}) r
      full join streams s using (stream_id, row_id)
      where (r.row::text = s.data[1]::text and cardinality(s.data) = 1 and s.born = 1) is not true
    ), compared as (
      select u.stream_id, u.row_id, u.row::jsonb as row, ${settledStateSql(mapping, 'f.state')} as replay
      from unequal u cross join lateral (select ${replay} as state offset 0) f
    ), drifts as (
      select stream_id, row_id,
        case when replay is null then 'missing event' when row is null then 'missing row' else 'value' end as kind,
        case when row is not null and replay is not null then (
          select jsonb_object_agg(p, jsonb_build_object('row', row -> p, 'replay', replay -> p))
          from unnest(array[${properties}]) p where row -> p is distinct from replay -> p
        ) end as properties
      from compared where row is distinct from replay
    ), found as (
      select * from drifts where kind <> 'value' or properties is not null
    )
    select (select count(*) from ${quoteTable(mapping.table)} t ${chosenRows})::float8 as rows,
           count(*)::float8 as drifted,
           count(*) filter (where kind = 'missing event')::float8 as "missingEvents",
           count(*) filter (where kind = 'missing row')::float8 as "missingRows",
           coalesce((select jsonb_agg(d) from (select * from found order by stream_id, row_id limit $1) d), '[]') as drifts
    from found`;
}

/** A relation of streams with their events' data in order, and what makes a row `u` of it a state. */
interface StreamsSql {
  readonly streams: string;
  readonly replay: string;
}

/** Where positions have no gap, the data from the last creation on is merged: much faster than to fold event by event. */
function rootStreamsSql(mapping: EntityMapping, schema: string, onlyStreams: boolean): StreamsSql {
  const schemaName = quoteIdentifier(schema);
  const category = quoteLiteral(mapping.category);
  const paths = mapping.parts.map(({ part }) => quoteLiteral(part.path)).join(', ');
  const data = paths ? `(v.data::jsonb - array[${paths}]::text[])::json` : 'v.data';
  return {
    streams: `select v.stream_id, '' collate "C" as row_id, array_agg(${data} order by v.stream_position) as data,
        count(*) = max(v.stream_position) as dense,
        max(v.stream_position) filter (where v.change = 'c')::integer as born,
        max(v.stream_position) filter (where v.change = 'd')::integer as died
      from ${schemaName}.events v ${chosenEvents(mapping, onlyStreams)} group by v.stream_id`,
    replay: `case
        when not u.dense then (
          select ${schemaName}.fold(v.change, ${data} order by v.stream_position) from ${schemaName}.events v
          where v.category = ${category} and v.stream_id = u.stream_id)
        when u.born > coalesce(u.died, 0) then (
          select ${schemaName}.merge(e::jsonb) from unnest(u.data[u.born:]) e)
      end`,
  };
}

function partStreamsSql(mapping: EntityMapping, schema: string, onlyStreams: boolean): StreamsSql {
  const schemaName = quoteIdentifier(schema);
  return {
    streams: `select v.stream_id, x.id collate "C" as row_id, array_agg(x.patch order by v.stream_position) as data, 1 as born
      from ${schemaName}.events v cross join lateral json_each(v.data -> ${quoteLiteral(mapping.part?.path ?? '')}) x (id, patch)
      ${chosenEvents(mapping, onlyStreams)} group by v.stream_id, x.id`,
    replay: `(select ${schemaName}.fold_part(e.patch order by e.place) from unnest(u.data) with ordinality e (patch, place))`,
  };
}

function chosenEvents({ category }: EntityMapping, onlyStreams: boolean): string {
  return `where v.category = ${quoteLiteral(category)} ${onlyStreams ? 'and v.stream_id = any ($2::text[])' : ''}`;
}
