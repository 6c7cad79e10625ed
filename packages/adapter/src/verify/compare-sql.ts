import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import { type EntityMapping, rowIdSql, settledStateSql, stateSql, streamIdSql } from '../mapping/index.js';
import { endedUntrackedSql } from '../replay/index.js';
import { streamFaultsSql } from './stream-faults-sql.js';
import type { VerifyScope } from './verify-scope.js';

/**
 * A query that compares rows of a table with the fold of their streams, or of their places in a stream, both ways, property
 * by property, in one snapshot and inside the database. Columns: drifted, and drifts (the first `limit` of them, as JSON).
 * What has one event only, which says what the row says to the letter, needs no fold. A property that a replay lacks is null.
 */
export function compareSql(
  mapping: EntityMapping,
  schema: string,
  scope: VerifyScope,
  limit: number,
  /** Some streams have ended without an event of their own. */
  untracked: boolean,
): string {
  const ended = (id: string): string => (untracked ? endedUntrackedSql(mapping, schema, id) : 'false');
  const properties = mapping.columns.map((column) => quoteLiteral(column.property)).join(', ');
  const { streams, replay } = (mapping.part ? partStreamsSql : rootStreamsSql)(mapping, schema, scope);
  return `
    with row_states as (
      select ${streamIdSql(mapping, 't')} as stream_id, ${mapping.part ? rowIdSql(mapping, 't') : `'' collate "C"`} as row_id, ${stateSql(mapping, 't')} as row
      from ${quoteTable(mapping.table)} t where ${scope.rows(mapping, 't')}
    ), streams as (
      ${streams}
    ), unequal as (
      select * from (select * from row_states ${mapping.part ? 'where stream_id is not null' : ''}) r
      full join streams s using (stream_id, row_id)
      where (r.row::text = s.data[1]::text and cardinality(s.data) = 1 and s.born = s.first) is not true${untracked ? ` or ${ended('s.stream_id')}` : ''}
    ), compared as (
      select u.stream_id, u.row_id, u.row::jsonb as row, ${settledStateSql(mapping, schema, 'f.state')} as replay
      from unequal u cross join lateral (select ${untracked ? `case when not ${ended('u.stream_id')} then ${replay} end` : replay} as state offset 0) f offset 0
    ), values as (
      select stream_id, row_id,
        case when replay is null then 'missing event' when row is null then 'missing row' else 'value' end as kind,
        case when row is not null and replay is not null then (
          select jsonb_object_agg(p, jsonb_build_object('row', row -> p, 'replay', replay -> p))
          from unnest(array[${properties}]) p where (row -> p)::text is distinct from coalesce((replay -> p)::text, 'null')
        ) end as properties
      from compared where row::text is distinct from replay::text
    ), faults as (
      ${mapping.part ? `select '' collate "C" as stream_id, null::text as kind, null::jsonb as positions where false` : streamFaultsSql(mapping, schema, scope)}
    ), found as (
      select stream_id, coalesce(v.row_id, '') as row_id, case when f.kind = 'gap' then f.kind else coalesce(v.kind, f.kind) end as kind, v.properties, f.positions
      from (select * from values where kind <> 'value' or properties is not null) v full join faults f using (stream_id)
    )
    select count(*)::float8 as drifted,
           coalesce((select jsonb_agg(d) from (select * from found order by stream_id, row_id limit ${limit}) d), '[]') as drifts
    from found`;
}

/** A relation of streams with their events' data in order, and what makes a row `u` of it a state. */
interface StreamsSql {
  readonly streams: string;
  readonly replay: string;
}

/** Where positions have no gap, the data from the last creation on is merged: much faster than to fold event by event. */
function rootStreamsSql(mapping: EntityMapping, schema: string, scope: VerifyScope): StreamsSql {
  const schemaName = quoteIdentifier(schema);
  const category = quoteLiteral(mapping.category);
  const paths = mapping.parts.map(({ part }) => quoteLiteral(part.path)).join(', ');
  const data = paths ? `(v.data::jsonb - array[${paths}]::text[])::json` : 'v.data';
  return {
    streams: `select v.stream_id, '' collate "C" as row_id, array_agg(case when v.change = 'n' then '{}' else ${data} end order by v.stream_position) as data,
        min(v.stream_position)::integer as first,
        count(*) = max(v.stream_position) - min(v.stream_position) + 1 as dense,
        max(v.stream_position) filter (where v.change = 'c')::integer as born,
        max(v.stream_position) filter (where v.change = 'd')::integer as died
      from ${schemaName}.events v where ${chosenEvents(mapping, scope)} group by v.stream_id`,
    replay: `case
        when not u.dense then (
          select ${schemaName}.fold(v.change, ${data} order by v.stream_position) from ${schemaName}.events v
          where v.category = ${category} and v.stream_id = u.stream_id)
        when u.born > coalesce(u.died, 0) then (
          select ${schemaName}.merge(e::jsonb) from unnest(u.data[u.born - u.first + 1:]) e)
      end`,
  };
}

function partStreamsSql(mapping: EntityMapping, schema: string, scope: VerifyScope): StreamsSql {
  const schemaName = quoteIdentifier(schema);
  return {
    streams: `select v.stream_id, x.id collate "C" as row_id, array_agg(x.patch order by v.stream_position) as data, 1 as born, 1 as first
      from ${schemaName}.events v cross join lateral json_each(v.data -> ${quoteLiteral(mapping.part?.path ?? '')}) x (id, patch)
      where v.change <> 'n' and ${chosenEvents(mapping, scope)} group by v.stream_id, x.id`,
    replay: `(select ${schemaName}.fold_part(e.patch order by e.place) from unnest(u.data) with ordinality e (patch, place))`,
  };
}

function chosenEvents({ category }: EntityMapping, scope: VerifyScope): string {
  return `v.category = ${quoteLiteral(category)} and ${scope.events('v')}`;
}
