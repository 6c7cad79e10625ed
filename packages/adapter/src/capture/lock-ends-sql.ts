import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, streamIdSql } from '../mapping/index.js';
import { changedRows } from './changed-rows.js';
import type { Operation } from './part-events-sql.js';
import { truncatedRows } from './truncated-rows.js';

/** Locks the ends of the streams that a statement has changed, for who numbers events as they are written. */
export function lockEndsSql(mapping: EntityMapping, schema: string, operation: Operation): string {
  const { old, new: now } = changedRows(mapping, schema);
  const rows = {
    insert: [now],
    update: [old, now],
    delete: [old],
    truncate: [truncatedRows(mapping, schema)],
  }[operation];
  const ids = rows.map((changed) => `select ${streamIdSql(mapping, 'x')} from ${changed} x`);
  const name = quoteIdentifier(schema);
  return `perform ${name}.take_locks('ends', (
    select array_agg(distinct ${name}.lock_of(concat(${quoteLiteral(`${mapping.category}-`)}, s.id))) from (${ids.join(' union all ')}) s (id)
    where s.id is not null));`;
}
