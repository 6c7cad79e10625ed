import { quoteIdentifier, quoteLiteral, quoteTable, type SqlExecutor } from '../database/index.js';
import {
  type EntityMapping,
  type PartMapping,
  rowIdSql,
  schemaVersionSql,
  streamIdSql,
} from '../mapping/index.js';
import { lockStreamEnds } from './lock-stream-ends.js';

const metadata = `'{"origin":"repair","reason":"table was dropped"}'`;

/** A table that was dropped took its rows along without firing a trigger: their streams, or their places in them, end here. */
export async function closeStreamsWithoutRow(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
): Promise<void> {
  const root = mapping.part?.root ?? mapping;
  await lockStreamEnds(sql, schema, root, await streamIds(sql, schema, root));
  if (mapping.part) return takeAwayParts(sql, schema, mapping as PartMapping);
  const events = `${quoteIdentifier(schema)}.events`;
  const paths = mapping.parts.map(({ part }) => quoteLiteral(part.path)).join(', ');
  const ofRoot = `(v.change <> 'u' or v.data::jsonb - array[${paths}]::text[] <> '{}')`;
  await sql.execute(
    `insert into ${events} (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column})
     select $1, last.stream_id, last.position + 1, 'd', $2, '{}', ${metadata}${schemaVersionSql(mapping).value}
     from (select v.stream_id, max(v.stream_position) as position,
                  (array_agg(v.change order by v.stream_position desc) filter (where ${ofRoot}))[1] as change
           from ${events} v where v.category = $1 group by v.stream_id) last
     where last.change <> 'd' and not exists (
       select from ${quoteTable(mapping.table)} t where ${streamIdSql(mapping, 't')} = last.stream_id)`,
    [mapping.category, mapping.eventTypes.deleted],
  );
}

async function streamIds(
  sql: SqlExecutor,
  schema: string,
  { category, parts }: EntityMapping,
): Promise<string[]> {
  if (parts.length === 0) return [];
  const rows = await sql.execute<{ id: string }>(
    `select distinct stream_id as id from ${quoteIdentifier(schema)}.events where category = $1`,
    [category],
  );
  return rows.map(({ id }) => id);
}

async function takeAwayParts(sql: SqlExecutor, schema: string, mapping: PartMapping): Promise<void> {
  const events = `${quoteIdentifier(schema)}.events`;
  await sql.execute(
    `insert into ${events} (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column})
     select $1, last.stream_id,
            (select max(v.stream_position) from ${events} v where v.category = $1 and v.stream_id = last.stream_id) + 1,
            'u', $3, json_build_object($2::text, json_object_agg(last.id, null)), ${metadata}${schemaVersionSql(mapping).value}
     from (select distinct on (v.stream_id, x.id) v.stream_id, x.id, x.patch
           from ${events} v cross join lateral json_each(v.data -> $2::text) x (id, patch) where v.category = $1
           order by v.stream_id, x.id, v.stream_position desc) last
     where last.patch::text <> 'null' and not exists (
       select from ${quoteTable(mapping.table)} t
       where ${streamIdSql(mapping, 't')} = last.stream_id and ${rowIdSql(mapping, 't')} = last.id)
     group by last.stream_id`,
    [mapping.category, mapping.part.path, mapping.eventTypes.deleted],
  );
}
