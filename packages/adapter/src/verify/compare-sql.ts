import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import {
  type EntityMapping,
  rowsOfStreamsSql,
  settledStateSql,
  stateSql,
  streamIdSql,
} from '../mapping/index.js';

/**
 * A query that compares every row with the fold of its stream, both ways, in one snapshot and inside the database.
 * Columns: rows, streams, drifted, and drifts (the first $1 of them, as JSON). `onlyStreams` limits it to the ids in $2.
 */
export function compareSql(mapping: EntityMapping, schema: string, onlyStreams = false): string {
  const events = `${quoteIdentifier(schema)}.events`;
  const fold = `${quoteIdentifier(schema)}.fold`;
  const id = streamIdSql(mapping, 't');
  const properties = mapping.columns.map((column) => quoteLiteral(column.property)).join(', ');
  return `
    with row_states as (
      select ${id} as stream_id, ${stateSql(mapping, 't')} as state
      from ${quoteTable(mapping.table)} t ${onlyStreams ? `where ${rowsOfStreamsSql(mapping, 't', '$2')}` : ''}
    ), streams as (
      select stream_id, ${fold}(change, data order by stream_position) as state
      from ${events}
      where category = ${quoteLiteral(mapping.category)} ${onlyStreams ? 'and stream_id = any ($2::text[])' : ''}
      group by stream_id
    ), compared as (
      select stream_id, r.state as row, ${settledStateSql(mapping, 's.state')} as replay
      from row_states r full join (select * from streams where state is not null) s using (stream_id)
    ), drifts as (
      select stream_id,
        case when replay is null then 'missing event' when row is null then 'missing row' else 'value' end as kind,
        case when row is not null and replay is not null then (
          select jsonb_object_agg(p, jsonb_build_object('row', row -> p, 'replay', replay -> p))
          from unnest(array[${properties}]) p where row -> p is distinct from replay -> p
        ) end as properties
      from compared where row is null or replay is null or row <> replay
    )
    select (select count(*) from row_states)::float8 as rows,
           (select count(*) from streams)::float8 as streams,
           count(*)::float8 as drifted,
           coalesce((select jsonb_agg(d) from (
             select * from drifts where kind <> 'value' or properties is not null order by stream_id limit $1) d), '[]') as drifts
    from drifts where kind <> 'value' or properties is not null`;
}
