import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import {
  type ColumnMapping,
  type EntityMapping,
  patchSql,
  schemaVersionSql,
  stateSql,
  streamIdSql,
  tableOf,
} from '../mapping/index.js';
import { changedRows, newRows, oldRows } from './changed-rows.js';
import { eventTypeSql } from './event-type-sql.js';
import { backfillMetadata, firstEventsSql } from './first-events-sql.js';
import { hiddenTruncationSql } from './hidden-truncation-sql.js';
import type { StreamTables } from './stream-tables.js';
import { truncatedRows } from './truncated-rows.js';

/** Of one stream, within one statement. */
const eventsLookedBackAt = 20;

type ChangeOfRow = 'created' | 'updated' | 'deleted';

/** The statement that writes an event for each inserted row. `named`: scopes that name changes are open. */
export function insertedEventsSql(mapping: EntityMapping, tables: StreamTables, named: boolean): string {
  const { reentrant } = mapping;
  // A row that was changed again before its event could be written: as it is by now.
  const state = reentrant
    ? `case when ${streamIdSql(mapping, 'c')} is null then ${stateSql(mapping, 'n')} else ${stateSql(mapping, 'c')} end`
    : stateSql(mapping, 'n');
  const event = eventSql(mapping, 'created', state, named);
  return `${insertEvents(mapping, tables)}
  select ${quoteLiteral(mapping.category)}, r.stream_id, coalesce(h.position, 0) + 1, 'c', ${event}${schemaVersionSql(mapping).value}${tables.value}
  from ${changedRows(mapping, tables.schema).new} n
  ${reentrant ? `left join ${rowByNow(mapping, 'n')}` : ''}
  cross join lateral (select ${streamIdSql(mapping, 'n')} as stream_id offset 0) r
  ${streamHead(mapping, tables)}
  ${named ? intentFor(mapping, tables, 'created') : ''}
  ${reentrant ? `${laterEvents(mapping, tables, streamIdSql(mapping, 'n'))} where not (l.gone and ${streamIdSql(mapping, 'c')} is null)` : ''};`;
}

/**
 * A row whose key didn't change is an update; one whose old key has no new row was moved away from that key,
 * one whose new key has no old row was moved to it. Nearly every update is of one row that has its stream and keeps its
 * key: that is tried first, with a plan that is a third of the other's.
 */
export function updatedEventsSql(mapping: EntityMapping, tables: StreamTables, named: boolean): string {
  const { old, new: now } = changedRows(mapping, tables.schema);
  const first = firstWithParts(mapping, tables, old);
  if (named || mapping.reentrant) return first + allUpdatesSql(mapping, tables, named);
  const oneRow = `cross join ${now} n`;
  const anyRows = `full join ${now} n on ${isSameKeySql(mapping)}`;
  const [key] = mapping.key as [ColumnMapping];
  return `${first}${plainUpdatesSql(mapping, tables, oneRow)} and ${isSameKeySql(mapping)} and ${isOneRow(newRows)};
  get diagnostics capture.written = row_count;
  if capture.written = 0 then
${plainUpdatesSql(mapping, tables, anyRows)} and o.${quoteIdentifier(key.column)} is not distinct from n.${quoteIdentifier(key.column)};
    get diagnostics capture.written = row_count;
    if capture.written < (select count(*) from ${newRows}) then
${allUpdatesSql(mapping, tables, named, 'and (h.position is null or not r.was or not r.is)')}
    end if;
  end if;`;
}

/** A condition that costs nothing in a statement of its own. */
function isOneRow(rows: string): string {
  return `not exists (select from ${rows} offset 1)`;
}

/** By the columns' own equality, unless it takes two ids for one: a join of texts takes longer. */
function isSameKeySql(mapping: EntityMapping): string {
  if (!mapping.key.every(({ exactEquality }) => exactEquality))
    return `${streamIdSql(mapping, 'o')} = ${streamIdSql(mapping, 'n')}`;
  return mapping.key
    .map(({ column }) => `o.${quoteIdentifier(column)} = n.${quoteIdentifier(column)}`)
    .join(' and ');
}

/**
 * For several rows FULL JOIN keeps the cached plan from ever becoming a nested loop over two transition tables, and
 * "is not distinct from" (and not "=") keeps it what it is. "offset 0" keeps the patch from being computed more than once.
 */
function plainUpdatesSql(mapping: EntityMapping, tables: StreamTables, join: string): string {
  return `${insertEvents(mapping, tables)}
  select ${quoteLiteral(mapping.category)}, r.stream_id, h.position + 1, 'u', ${eventSql(mapping, 'updated', 'r.patch', false)}${schemaVersionSql(mapping).value}${tables.value}
  from ${changedRows(mapping, tables.schema).old} o ${join}
  cross join lateral (
    select ${streamIdSql(mapping, 'n')} as stream_id, ${patchSql(mapping, 'o', 'n')} as patch offset 0
  ) r
  ${lastEvent(mapping, tables)}
  where r.patch <> '{}'`;
}

function allUpdatesSql(mapping: EntityMapping, tables: StreamTables, named: boolean, which = ''): string {
  const oldId = streamIdSql(mapping, 'o');
  const newId = streamIdSql(mapping, 'n');
  const next = 'case when h.position is null then 2 else 1 end';
  const { reentrant } = mapping;
  return `${insertEvents(mapping, tables)}
  select ${quoteLiteral(mapping.category)}, r.stream_id, coalesce(h.position, 0) + e.step, e.change, e.type, e.data, e.metadata${schemaVersionSql(mapping).value}${tables.value}
  from ${changedRows(mapping, tables.schema).old} o
  full join ${changedRows(mapping, tables.schema).new} n on ${newId} = ${oldId}
  ${reentrant ? `left join ${rowByNow(mapping, 'n')} ${laterEvents(mapping, tables, `coalesce(${newId}, ${oldId})`)}` : ''}
  cross join lateral (
    select coalesce(${newId}, ${oldId}) as stream_id, ${oldId} is not null as was, ${newId} is not null as is,
           case when ${oldId} is not null and ${newId} is not null then ${patchSql(mapping, 'o', 'n', reentrant ? { row: 'c', data: 'l.data' } : undefined)} end as patch
    offset 0
  ) r
  ${streamHead(mapping, tables)}
  ${named ? intentFor(mapping, tables, `case when not r.is then 'deleted' when not r.was then 'created' else 'updated' end`) : ''}
  cross join lateral (
    ${firstEvent(mapping)} where h.position is null and r.was
    union all
    select ${next}, 'u', ${eventSql(mapping, 'updated', 'r.patch', named)} where r.was and r.is
    union all
    select ${next}, 'd', ${eventSql(mapping, 'deleted', `'{}'`, named)}
    where not r.is ${reentrant ? `and not (l.found and exists (select from ${rowByNow(mapping, 'o')}))` : ''}
    union all
    select 1, 'c', ${eventSql(mapping, 'created', stateSql(mapping, 'n'), named)} where not r.was
  ) e
  where r.patch is distinct from '{}' ${which} ${reentrant ? `and not (l.gone and ${streamIdSql(mapping, 'c')} is null)` : ''};`;
}

export function deletedEventsSql(mapping: EntityMapping, tables: StreamTables, named: boolean): string {
  const { old } = changedRows(mapping, tables.schema);
  const first = firstWithParts(mapping, tables, old);
  const deletions = deletionsSql(mapping, tables, named, old);
  if (mapping.reentrant) {
    return `${first}${deletions}
  ${laterEvents(mapping, tables, 'r.stream_id')}
  where not (l.found and exists (select from ${rowByNow(mapping, 'o')}));`;
  }
  if (named) return `${first}${deletions};`;
  return `${first}${insertEvents(mapping, tables)}
  select ${quoteLiteral(mapping.category)}, r.stream_id, h.position + 1, 'd', ${eventSql(mapping, 'deleted', `'{}'`, false)}${schemaVersionSql(mapping).value}${tables.value}
  from ${old} o
  cross join lateral (select ${streamIdSql(mapping, 'o')} as stream_id offset 0) r
  ${lastEvent(mapping, tables)}
  where ${isOneRow(oldRows)};
  get diagnostics capture.written = row_count;
  if capture.written = 0 then
${deletions};
  end if;`;
}

/**
 * For the rows of a whole table, before it is truncated. TRUNCATE of a partitioned table fires the triggers of its
 * partitions as well: each takes its own rows, and only those whose stream hasn't ended already.
 */
export function truncatedEventsSql(mapping: EntityMapping, tables: StreamTables, named: boolean): string {
  const rows = truncatedRows(mapping, tables.schema);
  return `${firstWithParts(mapping, tables, rows)}${deletionsSql(mapping, tables, named, rows)}
  where not exists (
    select from ${tables.visible} v
    where v.category = ${quoteLiteral(mapping.category)} and v.stream_id = r.stream_id
      and v.stream_position = h.position and v.change = 'd');${hiddenTruncationSql(mapping, tables)}`;
}

function deletionsSql(mapping: EntityMapping, tables: StreamTables, named: boolean, rows: string): string {
  return `${insertEvents(mapping, tables)}
  select ${quoteLiteral(mapping.category)}, r.stream_id, coalesce(h.position, 0) + e.step, e.change, e.type, e.data, e.metadata${schemaVersionSql(mapping).value}${tables.value}
  from ${rows} o
  cross join lateral (select ${streamIdSql(mapping, 'o')} as stream_id offset 0) r
  ${streamHead(mapping, tables)}
  ${named ? intentFor(mapping, tables, 'deleted') : ''}
  cross join lateral (
    ${firstEvent(mapping)} where h.position is null
    union all
    select case when h.position is null then 2 else 1 end, 'd', ${eventSql(mapping, 'deleted', `'{}'`, named)}
  ) e`;
}

/** The row as it is by now: a trigger of another row of the same statement may have changed it again, or brought it back. */
function rowByNow(mapping: EntityMapping, alias: string): string {
  const key = mapping.key.map(
    ({ column }) => `c.${quoteIdentifier(column)} = ${alias}.${quoteIdentifier(column)}`,
  );
  return `${tableOf(mapping)} c ${alias === 'o' ? 'where' : 'on'} ${key.join(' and ')}`;
}

/**
 * What the statement that is under way has recorded of the stream already: a change that came later, but whose event was
 * written first, must not be undone by the event of the earlier one.
 */
function laterEvents(mapping: EntityMapping, tables: StreamTables, streamId: string): string {
  return `cross join lateral (
    select coalesce(jsonb_object_agg(d.key, d.value) filter (where d.key is not null), '{}') as data, coalesce(bool_or(v.newest and v.change = 'd'), false) as gone,
           count(*) > 0 as found
    from (
      select v.change, v.data, v.recorded_at, row_number() over (order by v.stream_position desc) = 1 as newest
      from ${tables.own} v
      where v.category = ${quoteLiteral(mapping.category)} and v.stream_id = ${streamId}
      order by v.stream_position desc limit ${eventsLookedBackAt}) v
    left join lateral jsonb_each(v.data::jsonb) d on true
    where v.recorded_at >= statement_timestamp()
    offset 0
  ) l`;
}

function insertEvents(mapping: EntityMapping, tables: StreamTables): string {
  return (
    `  insert into ${tables.written} ` +
    `(category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column}${tables.column})`
  );
}

/** The last position of each row's stream; leaves out rows without one. */
function lastEvent(mapping: EntityMapping, tables: StreamTables): string {
  return `cross join lateral (select h.position from (${headOf(mapping, tables)}) h where h.position is not null) h`;
}

/** The last position of each row's stream, null for a stream that isn't there: one index probe per row. */
function streamHead(mapping: EntityMapping, tables: StreamTables): string {
  return `cross join lateral (${headOf(mapping, tables)}) h`;
}

function headOf(mapping: EntityMapping, tables: StreamTables): string {
  return tables.head(quoteLiteral(mapping.category), 'r.stream_id');
}

/** An aggregate of several tables gets its first event in a statement of its own; one of a single row along with the change. */
function firstWithParts(mapping: EntityMapping, tables: StreamTables, rows: string): string {
  return mapping.parts.length === 0 ? '' : `${firstEventsSql(mapping, tables, rows)}\n`;
}

/** For a row that was there before capture and is met for the first time: as it was before this change. */
function firstEvent(mapping: EntityMapping): string {
  return (
    `select 1 as step, 'c'::"char" as change, ${quoteLiteral(mapping.eventTypes.imported)} as type, ` +
    `${stateSql(mapping, 'o')} as data, ${backfillMetadata} as metadata`
  );
}

/** Type, data and metadata of a change. What a scope adds never stands for a property of the entity. */
function eventSql(mapping: EntityMapping, change: ChangeOfRow, data: string, named: boolean): string {
  const type = eventTypeSql(mapping, change);
  if (!named) return `${type}, ${data}::json, capture.context`;
  const properties = [
    ...mapping.columns.map(({ property }) => property),
    ...mapping.parts.map(({ part }) => part.path),
  ]
    .map(quoteLiteral)
    .join(', ');
  return `coalesce(i.type, ${type}), (coalesce(i.data - array[${properties}]::text[], '{}') || (${data})::jsonb)::json, capture.context`;
}

/**
 * The innermost open scope that names this change. A scope names the first change of each stream: if the stream's last
 * event was written inside it, it has had its name. A stream with parts has events of others, too, so there the name is looked for.
 */
function intentFor(mapping: EntityMapping, tables: StreamTables, change: string): string {
  const changed = ['created', 'updated', 'deleted'].includes(change) ? quoteLiteral(change) : change;
  return `left join lateral (
    select x.e ->> 'type' as type, x.e -> 'data' as data
    from jsonb_array_elements(capture.intents) with ordinality x (e, n)
    where coalesce(x.e ->> 'id', r.stream_id) = r.stream_id and coalesce(x.e ->> 'on', ${changed}) = ${changed}
      and not exists (
        select from ${tables.visible} v
        where v.category = ${quoteLiteral(mapping.category)} and v.stream_id = r.stream_id
          and ${mapping.parts.length > 0 ? `v.type = x.e ->> 'type'` : 'v.stream_position = h.position'} and starts_with(v.metadata ->> 'scope', x.e ->> 'scope'))
    order by x.n limit 1
  ) i on true`;
}
