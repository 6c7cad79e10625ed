import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import type { Drift } from '../drift/index.js';
import {
  type EntityMapping,
  type PartMapping,
  rowIdSql,
  rowsOfStreamsSql,
  schemaVersionSql,
  stateSql,
  streamIdSql,
} from '../mapping/index.js';
import { withheldValues } from './withheld-values.js';

/** Appends to each stream what makes its replay equal its row. Run with the rows locked and settings pinned. */
export async function appendCorrections(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  drifts: readonly Drift[],
  metadata: object,
  restoreErased = false,
): Promise<void> {
  if (mapping.part)
    return appendPartCorrections(sql, schema, mapping as PartMapping, drifts, metadata, restoreErased);
  const name = quoteIdentifier(schema);
  const withheld = restoreErased ? () => [] : await withheldValues(sql, schema, mapping, drifts);
  await sql.execute(
    `insert into ${name}.events (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column})
     select $1, d.id,
            ${nextPositionSql(schema)},
            (case when r.state is null then 'd' when d.properties = '[]' then 'c' else 'u' end)::"char",
            case when r.state is null then $3 else $4 end,
            ${correctionSql(name, 'c.data')}${schemaVersionSql(mapping).value}
     from jsonb_to_recordset($2::jsonb) as d (id text, properties jsonb, withheld jsonb)
     left join (select ${streamIdSql(mapping, 't')} as id, ${stateSql(mapping, 't')} as state
                from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$6')}) r
       on r.id = d.id collate "C"
     cross join lateral (
       select case when r.state is null then '{}' when d.properties = '[]' then r.state
         else (select json_object_agg(p, r.state -> p) from jsonb_array_elements_text(d.properties) p) end as data) c`,
    [
      mapping.category,
      JSON.stringify(
        drifts.map((drift) => ({
          id: drift.streamId,
          properties: Object.keys(drift.properties),
          withheld: nulls(withheld(drift)),
        })),
      ),
      mapping.eventTypes.deleted,
      mapping.eventTypes.corrected,
      JSON.stringify(metadata),
      drifts.map(({ streamId }) => streamId),
    ],
  );
}

/** The data of a correction and its metadata, without what was erased before: `d.withheld` is a tree, as erase_events() knows them. */
function correctionSql(name: string, data: string): string {
  return `${name}.redacted(${data}, d.withheld),
            ${name}.with_marks($5, array(select v.mark from ${name}.redacted_values(${data}, d.withheld) v))`;
}

function nulls(properties: readonly string[]): Record<string, null> {
  return Object.fromEntries(properties.map((property) => [property, null]));
}

/** Behind the last event of stream `d.id`, also of one that has none in the log any more. */
function nextPositionSql(schema: string): string {
  const name = quoteIdentifier(schema);
  return `greatest(0,
              (select max(v.stream_position) from ${name}.events v where v.category = $1 and v.stream_id = d.id),
              (select a.through from ${name}.archived_streams a where a.category = $1 and a.stream_id = d.id)) + 1`;
}

/** One correction for each stream, with all its parts of this kind. */
async function appendPartCorrections(
  sql: SqlExecutor,
  schema: string,
  mapping: PartMapping,
  drifts: readonly Drift[],
  metadata: object,
  restoreErased = false,
): Promise<void> {
  const name = quoteIdentifier(schema);
  const withheld = restoreErased ? () => [] : await withheldValues(sql, schema, mapping, drifts);
  await sql.execute(
    `insert into ${name}.events (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column})
     select $1, d.id,
            ${nextPositionSql(schema)},
            'u', $3,
            ${correctionSql(name, 'd.data')}${schemaVersionSql(mapping).value}
     from (
     select d.id, jsonb_build_object($4::text, jsonb_object_agg(d.row_id, d.withheld)) as withheld,
            json_build_object($4::text, json_object_agg(d.row_id,
              case when r.state is null then 'null' when d.properties = '[]' then r.state
                   else (select json_object_agg(p, r.state -> p) from jsonb_array_elements_text(d.properties) p) end)) as data
     from jsonb_to_recordset($2::jsonb) as d (id text, row_id text, properties jsonb, withheld jsonb)
     left join (select ${streamIdSql(mapping, 't')} as id, ${rowIdSql(mapping, 't')} as row_id, ${stateSql(mapping, 't')} as state
                from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$6')}) r
       on r.id = d.id collate "C" and r.row_id = d.row_id collate "C"
     group by d.id) d`,
    [
      mapping.category,
      JSON.stringify(
        drifts.map((drift) => ({
          id: drift.streamId,
          row_id: drift.part?.id,
          properties: Object.keys(drift.properties),
          withheld: nulls(withheld(drift)),
        })),
      ),
      mapping.part.root.eventTypes.corrected,
      mapping.part.path,
      JSON.stringify(metadata),
      drifts.map(({ streamId }) => streamId),
    ],
  );
}
