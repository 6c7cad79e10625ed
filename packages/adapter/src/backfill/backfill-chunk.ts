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
  const progress = `${quoteIdentifier(schema)}.backfills`;
  // Locked: of two backfills of one category, the other waits for this chunk and goes on behind it.
  const [state] = await sql.execute<{ after: string[] | null }>(
    `select after_key as after from ${progress} where category = $1 for update`,
    [mapping.category],
  );
  const after = state?.after ?? null;
  const key = mapping.key.map((column) => `t.${quoteIdentifier(column.column)}`);
  const cursor = mapping.key.map((column, index) => `$${index + 2}::text::${column.sqlType}`);
  const [chunk] = await sql.execute<BackfillChunk & { last: string[] | null }>(
    `with chunk as materialized (
       select t.* from ${quoteTable(mapping.table)} t
       ${after ? `where (${key.join(', ')}) > (${cursor.join(', ')})` : ''}
       order by ${key.join(', ')} limit $1
       for no key update of t
     ), written as (
       ${insertFirstEvents(mapping, schema, 'chunk', streamIdSql(mapping, 'chunk'))}
       returning 1
     )
     select (select count(*) from chunk)::integer as rows, (select count(*) from written)::integer as events,
            (select jsonb_build_array(${mapping.key.map((k) => `chunk.${quoteIdentifier(k.column)}::text`).join(', ')})
             from chunk order by ${mapping.key.map((k) => `chunk.${quoteIdentifier(k.column)} desc`).join(', ')} limit 1) as last`,
    [size, ...(after ?? [])],
  );
  const { rows, events, last } = chunk as NonNullable<typeof chunk>;
  await sql.execute(
    `update ${progress} set after_key = coalesce($2::jsonb, after_key), rows_seen = rows_seen + $3,
       events_written = events_written + $4, updated_at = clock_timestamp() where category = $1`,
    [mapping.category, last && JSON.stringify(last), rows, events],
  );
  return { rows, events };
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

/**
 * ON CONFLICT settles the race with a write that made the same first event a moment ago. "offset 0" keeps this a probe of the
 * index for each row of the chunk: as an anti-join it would read all events of the category for every chunk.
 */
function insertFirstEvents(mapping: EntityMapping, schema: string, rows: string, id: string): string {
  const table = `${quoteIdentifier(schema)}.events`;
  const category = quoteLiteral(mapping.category);
  return `insert into ${table} (category, stream_id, stream_position, change, type, data, metadata)
       select ${category}, ${id}, 1, 'c', ${quoteLiteral(mapping.eventTypes.imported)}, ${stateSql(mapping, rows)},
              '{"origin":"backfill"}'
       from ${rows}
       where not exists (select from ${table} v where v.category = ${category} and v.stream_id = ${id} offset 0)
       on conflict (category, stream_id, stream_position) do nothing`;
}
