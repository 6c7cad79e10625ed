import { quoteLiteral } from '../database/index.js';
import { type EntityMapping, schemaVersionSql } from '../mapping/index.js';
import { insertEvents } from './event-sql.js';
import type { StreamTables } from './stream-tables.js';

/** How changes become events where nothing is special about them: one behind the end of each row's stream. */
export interface PlainEvents {
  readonly change: 'c' | 'u' | 'd';
  /** Of the rows, `k` with their `stream_id`, and whatever `type` and `data` are made of. */
  readonly from: string;
  readonly type: string;
  readonly data: string;
  /** Of rows, before the last event of the stream, which is behind `h`, is looked at. */
  readonly isPlain?: string;
  /** Whether there is something to record. */
  readonly isChange?: string;
}

/** Of a stream whose last event is behind `h`: it lives, and capture was told nothing of it while the statement ran. */
const living = `h.change <> 'd' and not h.told`;
/** The same where the last event may be one that changes nothing: what that one is behind takes a longer look. */
const plainlyLiving = `${living} and h.change <> 'n'`;
/** Of one that has no living row: it is new, or has ended. Parts may come before their root: their events say nothing of it. */
function ended({ parts }: EntityMapping): string {
  return `${parts.length > 0 ? '' : `coalesce(h.change, 'd') = 'd' and `}h.told is not true`;
}

/**
 * A statement that does this for one row, by the shortest look at its stream, which is a third of its cost; for several it writes nothing, as for one of which
 * something is special.
 */
export function plainEventSql(
  mapping: EntityMapping,
  tables: StreamTables,
  { change, from, type, data, isPlain, isChange }: PlainEvents,
  isOneRow: string | undefined,
): string {
  const begins = change === 'c';
  const conditions = [begins ? ended(mapping) : plainlyLiving, isPlain, isChange, isOneRow].filter(Boolean);
  return `${insertEvents(mapping, tables)}
  select ${quoteLiteral(mapping.category)}, k.stream_id, coalesce(h.position, 0) + 1, '${change}', ${type}, ${data}::json, capture.context${schemaVersionSql(mapping).value}${tables.value}
  ${from}
  ${begins ? 'left' : 'inner'} join lateral (${tables.newest(quoteLiteral(mapping.category), 'k.stream_id')}) h on true
  where ${conditions.join(' and ')}`;
}

/** A statement that does this for those of many rows that it can be done for, and leaves the streams of the others in `capture.others`. */
export function plainEventsSql(
  mapping: EntityMapping,
  tables: StreamTables,
  { change, from, type, data, isPlain, isChange }: PlainEvents,
): string {
  const conditions = [change === 'c' ? ended(mapping) : living, isPlain].filter(Boolean);
  return `  with backstory_changes as materialized (
    select k.stream_id, h.position, ${type} as type, ${data} as data, (${conditions.join(' and ')}) is true as plain
    ${from}
    cross join lateral (${tables.last(quoteLiteral(mapping.category), 'k.stream_id')}) h
    ${isChange ? `where ${isChange}` : ''}
  ), backstory_written as (
  ${insertEvents(mapping, tables)}
    select ${quoteLiteral(mapping.category)}, c.stream_id, coalesce(c.position, 0) + 1, '${change}', c.type, c.data::json, capture.context${schemaVersionSql(mapping).value}${tables.value}
    from backstory_changes c where c.plain
  )
  select array_agg(distinct c.stream_id) filter (where not c.plain) into capture.others from backstory_changes c;`;
}
