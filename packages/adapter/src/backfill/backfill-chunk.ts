import { archiveLockSql, quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { writeFirstEvents } from './first-events.js';
import { betweenKeys, keyTextsSql } from './key-ranges.js';
import { mark } from './throttle.js';

/** What one chunk did. */
export interface BackfillChunk {
  readonly rows: number;
  /** First events written; the other rows had a stream already, or are locked and left to the sweep. */
  readonly events: number;
  /** Whether the range has rows beyond this chunk. */
  readonly more: boolean;
}

/**
 * Writes the first events of the next rows of a range by primary key, inside the caller's transaction, and moves the cursor.
 * No row travels to Node. Where the chunk ends is read from the index before a row is locked: a row whose key is changed
 * meanwhile can't carry the cursor away with it.
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
    `select after_key as after, until_key as until, ${archiveLockSql(schema, 'shared')} from ${ranges} where category = $1 and range = $2 and not done for update`,
    [mapping.category, range],
  );
  if (!state) return { rows: 0, events: 0, more: false };
  const table = `${quoteTable(mapping.table)} t`;
  const ahead = betweenKeys(mapping, state, 2);
  const key = mapping.key.map(({ column }) => `t.${quoteIdentifier(column)}`).join(', ');
  // The text is made outside: inside it would be made of every row that is passed by.
  const [end] = await sql.execute<{ last: string[] }>(
    `${mark} select ${keyTextsSql(mapping, 't')} as last
     from (select ${key} from ${table} where ${ahead.where} order by ${key} offset $1 - 1 limit 1) t`,
    [size, ...ahead.values],
  );
  const last = end?.last;
  const chunk = betweenKeys(mapping, { after: state.after, until: last ?? state.until }, 5);
  const where = condition ? `${chunk.where} and (${condition})` : chunk.where;
  const isFull = last !== undefined && !condition;
  const [done] = await sql.execute<{ rows: number; events: number }>(
    `${mark} with ${writeFirstEvents(mapping, schema, `${table} where ${where} for no key update of t skip locked`)},
     counted as (
       select ${isFull ? '$4::integer' : `(select count(*) from ${table} where ${where})::integer`} as rows,
              (select count(*) from written)::integer as events
     ), moved as (
       update ${ranges} set after_key = coalesce($3::jsonb, after_key), rows_seen = rows_seen + counted.rows,
         events_written = events_written + counted.events, done = $3::jsonb is null
       from counted where category = $1 and range = $2
     )
     select rows, events from counted where $4::integer is not null`,
    [mapping.category, range, last ? JSON.stringify(last) : null, size, ...chunk.values],
  );
  return { ...(done as NonNullable<typeof done>), more: last !== undefined };
}
