import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, rowsOfStreamsSql, streamIdSql } from '../mapping/index.js';
import { writeFirstEvents } from './first-events.js';
import { mark } from './throttle.js';

const missedAtATime = 1_000;

/** Ids of rows that the walk by key has left without a stream: locked by others just then, mostly. Locks nothing itself. */
export async function missedRows(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  condition?: string,
): Promise<string[]> {
  const id = streamIdSql(mapping, 't');
  const rows = await sql.execute<{ id: string }>(
    `${mark} select ${id} as id from ${quoteTable(mapping.table)} t
     where not exists (
       select from ${quoteIdentifier(schema)}.events v
       where v.category = $1 and v.stream_id = ${id} and v.stream_position = 1)
       ${condition ? `and (${condition})` : ''}
     limit ${missedAtATime}`,
    [mapping.category],
  );
  return rows.map((row) => row.id);
}

/**
 * Writes the first events of some missed rows, inside the caller's transaction. With `wait` it waits for locks: for one
 * row only, so that nothing is held meanwhile.
 * @returns how many were written, and the ids of those that others have locked
 */
export async function writeMissed(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  ids: readonly string[],
  wait = false,
): Promise<{ events: number; locked: string[] }> {
  const events = `${quoteIdentifier(schema)}.events`;
  const rows = `${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$2')}`;
  const [done] = await sql.execute<{ events: number; written: string[] }>(
    `${mark} with ${writeFirstEvents(mapping, schema, `${rows} for no key update of t ${wait ? '' : 'skip locked'}`)},
     moved as (
       update ${quoteIdentifier(schema)}.backfill_ranges set events_written = events_written + (select count(*) from written)
       where category = $1 and range = 0
     )
     select count(*)::integer as events from written`,
    [mapping.category, ids],
  );
  const left = await sql.execute<{ id: string }>(
    `select ${streamIdSql(mapping, 't')} as id from ${rows} and not exists (
       select from ${events} v where v.category = $1 and v.stream_id = ${streamIdSql(mapping, 't')} and v.stream_position = 1)`,
    [mapping.category, ids],
  );
  return { events: (done as { events: number }).events, locked: left.map(({ id }) => id) };
}
