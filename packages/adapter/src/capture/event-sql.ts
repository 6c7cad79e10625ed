import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, schemaVersionSql } from '../mapping/index.js';
import { eventTypeSql } from './event-type-sql.js';
import type { StreamTables } from './stream-tables.js';

/** Of a stream whose last event is behind `h`; null where it has none. */
export const livingStream = `h.change <> 'd'`;

export function insertEvents(mapping: EntityMapping, tables: StreamTables): string {
  return (
    `  insert into ${tables.written} ` +
    `(category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(mapping).column}${tables.column})`
  );
}

/**
 * Type, data and metadata of a change, which a scope behind `i` may name. What a scope adds never stands for a property of the
 * entity. Without a scope the data stay as they are printed.
 */
export function eventSql(
  mapping: EntityMapping,
  change: 'created' | 'updated' | 'deleted',
  data: string,
): string {
  const properties = [
    ...mapping.columns.map(({ property }) => property),
    ...mapping.parts.map(({ part }) => part.path),
  ]
    .map(quoteLiteral)
    .join(', ');
  return (
    `coalesce(i.type, ${eventTypeSql(mapping, change)}), ` +
    `(select case when i.type is null then d.data else (coalesce(i.data - array[${properties}]::text[], '{}') || d.data::jsonb)::json end ` +
    `from (select (${data})::json as data offset 0) d), capture.context`
  );
}

/**
 * The innermost open scope that names this change. A scope names the first change of each stream: if the stream's last
 * change was written inside it, it has had its name. A stream with parts has events of others, too, so there the name is looked for.
 * What a command announces is for its own statement, and not for those that triggers run within it.
 */
export function intentFor(mapping: EntityMapping, tables: StreamTables, change: string): string {
  const changed = ['created', 'updated', 'deleted'].includes(change) ? quoteLiteral(change) : change;
  const ofStream = `v.category = ${quoteLiteral(mapping.category)} and v.stream_id = k.stream_id and v.change <> 'n'`;
  const named =
    mapping.parts.length > 0
      ? `v.type = x.e ->> 'type'`
      : `v.stream_position = (select max(v.stream_position) from ${tables.visible} v where ${ofStream})`;
  return `left join lateral (
    select x.e ->> 'type' as type, x.e -> 'data' as data, x.e -> 'announced' as announced
    from jsonb_array_elements(capture.intents) with ordinality x (e, n)
    where coalesce(x.e ->> 'id', k.stream_id) = k.stream_id and coalesce(x.e ->> 'on', ${changed}) = ${changed}
      and case when x.e ? 'announced' then pg_trigger_depth() = 1 else not exists (
        select from ${tables.visible} v
        where ${ofStream} and ${named} and starts_with(v.metadata ->> 'scope', x.e ->> 'scope')) end
    order by x.n limit 1
  ) i on true`;
}

/**
 * What is written for an event `e` of a change that a scope or a command behind `i` may name, as `a`: the event itself, or those that
 * a command has announced for it. The function is strict: without an announcement it isn't called.
 */
export function announcedSql({ category, eventTypes }: EntityMapping, schema: string): string {
  const explained = `${quoteIdentifier(schema)}.explained_events(${quoteLiteral(category)}, k.stream_id, e.change, e.data, e.metadata, case when ${isFirst} then null else i.announced end, ${quoteLiteral(eventTypes.updated)})`;
  return `cross join lateral (
    select e.step, e.change, e.type, e.data, e.metadata where i.announced is null or ${isFirst}
    union all
    select e.step - 1 + x.step, x.change, x.type, x.data, x.metadata from ${explained} x
  ) a`;
}

/** The event `e` tells how the row was before. */
const isFirst = `e.metadata @> '{"origin":"backfill"}'`;
