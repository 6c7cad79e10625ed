import { quoteIdentifier, quoteLiteral, quoteTable, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, aggregateStateSql, schemaVersionSql, streamIdSql } from '../mapping/index.js';
import { mark } from './throttle.js';

/** What one chunk did. */
export interface BackfillChunk {
  /** Rows looked at; fewer than asked for when the end was reached. */
  readonly rows: number;
  /** First events written; the other rows had a stream already. */
  readonly events: number;
}

/**
 * Writes the first events of the next rows of a range by primary key, inside the caller's transaction, and moves the cursor.
 * No row travels to Node. The rows are locked FOR NO KEY UPDATE: a change that is under way is waited for and read as
 * committed, while inserts of rows that refer to these go on. Whoever changes a row later finds its stream.
 */
export async function backfillChunk(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  range: number,
  size: number,
  condition?: string,
): Promise<BackfillChunk> {
  const ranges = `${quoteIdentifier(schema)}.backfill_ranges`;
  // Locked: of two backfills of one category, the other waits for this chunk and goes on behind it.
  const [state] = await sql.execute<{ after: string[] | null; until: string[] | null }>(
    `select after_key as after, until_key as until from ${ranges} where category = $1 and range = $2 and not done for update`,
    [mapping.category, range],
  );
  if (!state) return { rows: 0, events: 0 };
  const { after, until } = state;
  const key = mapping.key.map((column) => `t.${quoteIdentifier(column.column)}`);
  const bound = (first: number): string =>
    `(${mapping.key.map((column, index) => `$${first + index}::text::${column.sqlType}`).join(', ')})`;
  const where = [
    ...(after ? [`(${key.join(', ')}) > ${bound(2)}`] : []),
    ...(until ? [`(${key.join(', ')}) <= ${bound(2 + (after?.length ?? 0))}`] : []),
    ...(condition ? [`(${condition})`] : []),
  ];
  const [chunk] = await sql.execute<BackfillChunk & { last: string[] | null }>(
    `${mark} with chunk as materialized (
       select t.* from ${quoteTable(mapping.table)} t
       ${where.length > 0 ? `where ${where.join(' and ')}` : ''}
       order by ${key.join(', ')} limit $1
       for no key update of t
     ), written as (
       ${insertFirstEvents(mapping, schema, 'chunk', streamIdSql(mapping, 'chunk'))}
       returning 1
     )
     select (select count(*) from chunk)::integer as rows, (select count(*) from written)::integer as events,
            (select jsonb_build_array(${mapping.key.map((k) => `chunk.${quoteIdentifier(k.column)}::text`).join(', ')})
             from chunk order by ${mapping.key.map((k) => `chunk.${quoteIdentifier(k.column)} desc`).join(', ')} limit 1) as last`,
    [size, ...(after ?? []), ...(until ?? [])],
  );
  const { rows, events, last } = chunk as NonNullable<typeof chunk>;
  await sql.execute(
    `update ${ranges} set after_key = coalesce($3::jsonb, after_key), rows_seen = rows_seen + $4,
       events_written = events_written + $5, done = $6 where category = $1 and range = $2`,
    [mapping.category, range, last && JSON.stringify(last), rows, events, rows < size],
  );
  return { rows, events };
}

/** Writes the first events of rows that the walk by key has missed, such as rows whose key was changed meanwhile. */
export async function backfillSweep(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  size: number,
  condition?: string,
): Promise<number> {
  const events = quoteIdentifier(schema);
  const [result] = await sql.execute<{ events: number }>(
    `${mark} with missed as materialized (
       select t.* from ${quoteTable(mapping.table)} t
       where not exists (
         select from ${events}.events v
         where v.category = $1 and v.stream_id = ${streamIdSql(mapping, 't')})
         ${condition ? `and (${condition})` : ''}
       limit $2 for no key update of t
     ), written as (
       ${insertFirstEvents(mapping, schema, 'missed', streamIdSql(mapping, 'missed'))}
       returning 1
     ), progress as (
       update ${events}.backfill_ranges set events_written = events_written + (select count(*) from written)
       where category = $1 and range = 0
     )
     select count(*)::integer as events from written`,
    [mapping.category, size],
  );
  return (result as { events: number }).events;
}

/**
 * ON CONFLICT leaves streams alone that are there already, also those that a write has begun a moment ago. To look for
 * them first would cost every row a second probe of the index, and most rows of a backfill have no stream.
 */
export function insertFirstEvents(mapping: EntityMapping, schema: string, rows: string, id: string): string {
  const { state, joins } = aggregateStateSql(mapping, rows);
  const table = `${quoteIdentifier(schema)}.events`;
  const category = quoteLiteral(mapping.category);
  return `insert into ${table} (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column})
       select ${category}, ${id}, 1, 'c', ${quoteLiteral(mapping.eventTypes.imported)}, ${state},
              '{"origin":"backfill"}'${schemaVersionSql(mapping).value}
       from ${rows} ${joins}
       on conflict (category, stream_id, stream_position) do nothing`;
}
