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

/** Appends to each stream what makes its replay equal its row. Run with the rows locked and settings pinned. */
export async function appendCorrections(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  drifts: readonly Drift[],
  metadata: object,
): Promise<void> {
  if (mapping.part) return appendPartCorrections(sql, schema, mapping as PartMapping, drifts, metadata);
  const events = `${quoteIdentifier(schema)}.events`;
  await sql.execute(
    `insert into ${events} (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column})
     select $1, d.id,
            ${nextPositionSql(schema)},
            (case when r.state is null then 'd' when d.properties = '[]' then 'c' else 'u' end)::"char",
            case when r.state is null then $3 else $4 end,
            case when r.state is null then '{}' when d.properties = '[]' then r.state
                 else (select json_object_agg(p, r.state -> p) from jsonb_array_elements_text(d.properties) p) end,
            $5${schemaVersionSql(mapping).value}
     from jsonb_to_recordset($2::jsonb) as d (id text, properties jsonb)
     left join (select ${streamIdSql(mapping, 't')} as id, ${stateSql(mapping, 't')} as state
                from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$6')}) r
       on r.id = d.id collate "C"`,
    [
      mapping.category,
      JSON.stringify(
        drifts.map(({ streamId, properties }) => ({ id: streamId, properties: Object.keys(properties) })),
      ),
      mapping.eventTypes.deleted,
      mapping.eventTypes.corrected,
      JSON.stringify(metadata),
      drifts.map(({ streamId }) => streamId),
    ],
  );
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
): Promise<void> {
  const events = `${quoteIdentifier(schema)}.events`;
  await sql.execute(
    `insert into ${events} (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column})
     select $1, d.id,
            ${nextPositionSql(schema)},
            'u', $3,
            json_build_object($4::text, json_object_agg(d.row_id,
              case when r.state is null then 'null' when d.properties = '[]' then r.state
                   else (select json_object_agg(p, r.state -> p) from jsonb_array_elements_text(d.properties) p) end)),
            $5${schemaVersionSql(mapping).value}
     from jsonb_to_recordset($2::jsonb) as d (id text, row_id text, properties jsonb)
     left join (select ${streamIdSql(mapping, 't')} as id, ${rowIdSql(mapping, 't')} as row_id, ${stateSql(mapping, 't')} as state
                from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$6')}) r
       on r.id = d.id collate "C" and r.row_id = d.row_id collate "C"
     group by d.id`,
    [
      mapping.category,
      JSON.stringify(
        drifts.map(({ streamId, part, properties }) => ({
          id: streamId,
          row_id: part?.id,
          properties: Object.keys(properties),
        })),
      ),
      mapping.part.root.eventTypes.corrected,
      mapping.part.path,
      JSON.stringify(metadata),
      drifts.map(({ streamId }) => streamId),
    ],
  );
}
