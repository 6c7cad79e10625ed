import { quoteIdentifier, quoteLiteral, quoteTable, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, stateSql, streamIdSql } from '../mapping/index.js';

/** What one chunk did. */
export interface BackfillChunk {
  /** Rows looked at; fewer than asked for when the end was reached. */
  readonly rows: number;
  /** First events written; the other rows had a stream already. */
  readonly events: number;
}

/**
 * Writes the first events of the next rows by primary key, inside the caller's transaction, and moves the cursor.
 * No row travels to Node. The rows are locked FOR NO KEY UPDATE: a change that is under way is waited for and read as
 * committed, while inserts of rows that refer to these go on. Whoever changes a row later finds its stream.
 */
export async function backfillChunk(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  size: number,
): Promise<BackfillChunk> {
  const events = quoteIdentifier(schema);
  const key = mapping.key.map((column) => `t.${quoteIdentifier(column.column)}`);
  const cursor = mapping.key.map((column, index) => `(b.after_key ->> ${index})::${column.sqlType}`);
  const id = streamIdSql(mapping, 'chunk');
  const [result] = await sql.execute<{ rows: number; events: number }>(
    `with chunk as materialized (
       select t.* from ${quoteTable(mapping.table)} t, ${events}.backfills b
       where b.category = $1 and (b.after_key is null or (${key.join(', ')}) > (${cursor.join(', ')}))
       order by ${key.join(', ')} limit $2
       for no key update of t
     ), written as (
       ${insertFirstEvents(mapping, schema, 'chunk', id)}
       returning 1
     ), progress as (
       update ${events}.backfills set
         after_key = coalesce((select jsonb_build_array(${mapping.key
           .map((column) => `chunk.${quoteIdentifier(column.column)}::text`)
           .join(', ')}) from chunk order by ${mapping.key
           .map((column) => `chunk.${quoteIdentifier(column.column)} desc`)
           .join(', ')} limit 1), after_key),
         rows_seen = rows_seen + (select count(*) from chunk),
         events_written = events_written + (select count(*) from written),
         updated_at = clock_timestamp()
       where category = $1
     )
     select (select count(*) from chunk)::integer as rows, (select count(*) from written)::integer as events`,
    [mapping.category, size],
  );
  return result as BackfillChunk;
}

/** Writes the first events of rows that the walk by key has missed, such as rows whose key was changed meanwhile. */
export async function backfillSweep(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  size: number,
): Promise<number> {
  const events = quoteIdentifier(schema);
  const [result] = await sql.execute<{ events: number }>(
    `with missed as materialized (
       select t.* from ${quoteTable(mapping.table)} t
       where not exists (
         select from ${events}.events v
         where v.category = $1 and v.stream_id = ${streamIdSql(mapping, 't')})
       limit $2 for no key update of t
     ), written as (
       ${insertFirstEvents(mapping, schema, 'missed', streamIdSql(mapping, 'missed'))}
       returning 1
     ), progress as (
       update ${events}.backfills set events_written = events_written + (select count(*) from written),
         updated_at = clock_timestamp()
       where category = $1
     )
     select count(*)::integer as events from written`,
    [mapping.category, size],
  );
  return (result as { events: number }).events;
}

/** ON CONFLICT settles the race with a write that made the same first event a moment ago. */
function insertFirstEvents(mapping: EntityMapping, schema: string, rows: string, id: string): string {
  const table = `${quoteIdentifier(schema)}.events`;
  const category = quoteLiteral(mapping.category);
  return `insert into ${table} (category, stream_id, stream_position, change, type, data, metadata)
       select ${category}, ${id}, 1, 'c', ${quoteLiteral(mapping.eventTypes.created)}, ${stateSql(mapping, rows)},
              '{"origin":"backfill"}'
       from ${rows}
       where not exists (select from ${table} v where v.category = ${category} and v.stream_id = ${id})
       on conflict (category, stream_id, stream_position) do nothing`;
}
