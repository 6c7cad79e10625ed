import { archiveLockSql, quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, rowsOfStreamsSql, streamIdSql } from '../mapping/index.js';
import { writeFirstEvents } from './first-events.js';
import { mark } from './throttle.js';

const missedAtATime = 1_000;

/** Whether the row behind `t` has no stream. */
function hasNoStreamSql(schema: string, mapping: EntityMapping): string {
  return `not exists (
       select from ${quoteIdentifier(schema)}.events v
       where v.category = $1 and v.stream_id = ${streamIdSql(mapping, 't')})`;
}

/**
 * Ids of rows that the walk by key has left without a stream: locked by others just then, mostly. Locks nothing itself.
 * One join of all rows with all events: of a table that has just been filled PostgreSQL has no statistics, and would look
 * through the events again for every row.
 */
export async function missedRows(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  condition?: string,
): Promise<string[]> {
  // on one processor: the application needs the others
  await sql.execute('set local enable_nestloop = off; set local max_parallel_workers_per_gather = 0');
  const rows = await sql.execute<{ id: string }>(
    `${mark} select ${streamIdSql(mapping, 't')} as id from ${quoteTable(mapping.table)} t
     where ${hasNoStreamSql(schema, mapping)} ${condition ? `and (${condition})` : ''}
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
  const rows = `${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$2')}`;
  await sql.execute(`select ${archiveLockSql(schema, 'shared')}`);
  const [done] = await sql.execute<{ events: number }>(
    `${mark} with ${writeFirstEvents(mapping, schema, `${rows} for no key update of t ${wait ? '' : 'skip locked'}`)},
     moved as (
       update ${quoteIdentifier(schema)}.backfill_ranges set events_written = events_written + (select count(*) from written)
       where category = $1 and range = 0
     )
     select count(*)::integer as events from written`,
    [mapping.category, ids],
  );
  const left = await sql.execute<{ id: string }>(
    `select ${streamIdSql(mapping, 't')} as id from ${rows} and ${hasNoStreamSql(schema, mapping)}`,
    [mapping.category, ids],
  );
  return { events: (done as { events: number }).events, locked: left.map(({ id }) => id) };
}
