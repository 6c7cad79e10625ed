import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import {
  descendantsSql,
  type EntityMapping,
  type PartMapping,
  patchSql,
  rootKeySql,
  type RowSource,
  rowIdSql,
  schemaVersionSql,
  stateSql,
  streamIdSql,
  tableOf,
} from '../mapping/index.js';
import { type ChangedParts, changedRows } from './changed-rows.js';
import { eventTypeSql } from './event-type-sql.js';
import { firstEventsSql } from './first-events-sql.js';
import { hiddenTruncationSql } from './hidden-truncation-sql.js';
import { lockShapeSql } from './lock-shape-sql.js';
import { plainPartEventSql } from './plain-part-event-sql.js';
import type { StreamTables } from './stream-tables.js';
import { truncatedRows } from './truncated-rows.js';

export type Operation = 'insert' | 'update' | 'delete' | 'truncate';

/**
 * What a trigger on an owned table does. It writes the first events of roots that have none, then an event for each changed
 * part, behind the end of its root's stream. In the root's stream everything that happens to a part is an update:
 * `{"lines": {"7": {…}}}` adds or changes, `{"lines": {"7": null}}` takes away.
 */
export function partEventsSql(mapping: PartMapping, tables: StreamTables, operation: Operation): string {
  if (operation === 'truncate') {
    const before = truncatedRows(mapping, tables.schema);
    return `${eventsOf(mapping, tables, operation, true, { before, after: undefined })}${hiddenTruncationSql(mapping, tables)}`;
  }
  const rows = changedRows(mapping, tables.schema);
  const changed: ChangedParts = {
    before: operation === 'insert' ? undefined : rows.old,
    after: operation === 'delete' ? undefined : rows.new,
  };
  const streams = ofBoth(changed, (alias) => streamIdSql(mapping, alias), 'union');
  const category = quoteLiteral(mapping.part.root.category);
  const { before, after } = changed;
  const sameKey = mapping.key.map(
    ({ column }) => `n.${quoteIdentifier(column)} = o.${quoteIdentifier(column)}`,
  );
  // see updatesSql: MERGE of a partitioned table
  const isShown =
    before && after && mapping.partitions.length > 0 && !mapping.reentrant
      ? ` and not exists (select from ${before} o where not exists (select from ${after} n where ${sameKey.join(' and ')}))`
      : '';
  const events = `  if capture.intents is null and not exists (
    select from (${streams}) k (stream_id) cross join lateral (${tables.last(category, 'k.stream_id')}) h where h.told)${isShown} then
${eventsOf(mapping, tables, operation, false, changed)}
  else
${eventsOf(mapping, tables, operation, true, partsByNow(mapping, changed))}
  end if;`;
  const plain = plainPartEventSql(mapping, tables, changed);
  if (!plain) return events;
  return `  if capture.intents is null then
${plain}
  end if;
  if capture.written is distinct from 1 then
${events}
  end if;`;
}

function eventsOf(
  mapping: PartMapping,
  tables: StreamTables,
  operation: Operation,
  named: boolean,
  changed: ChangedParts,
): string {
  const { root } = mapping.part;
  const key = root.key.map(({ column }) => `t.${quoteIdentifier(column)}`);
  const touched = `(${key.join(', ')}) in (${ofBoth(changed, (alias) => rootKeySql(mapping, alias, tableOf).join(', '))})`;
  const ofOneRow = tables.pending ? `, ${ofOneRowSql(mapping, operation)}` : '';
  return `${lockShapeSql(mapping, tables.schema, changed)}
${firstEventsSql(root, tables, `(select t.* from ${tableOf(root)} t where ${touched})`, operation === 'truncate' ? tableOf : rowsBefore(mapping, changed))}
  insert into ${tables.written} (category, stream_id, stream_position, change, type, data, metadata${schemaVersionSql(root).column}${tables.column}${ofOneRow && ', of_one_row'})
  select ${quoteLiteral(root.category)}, e.stream_id, e.ended + e.place, 'u', ${namedSql(mapping, named)}${schemaVersionSql(root).value}${tables.value}${ofOneRow}
  from (
    select d.*, max(case when d.place = 1 then coalesce((${tables.head(quoteLiteral(root.category), 'd.stream_id')}), 0) end) over (partition by d.stream_id) as ended
    from (
      select c.*, row_number() over (partition by c.stream_id order by c.step, ${mapping.key.map((_, index) => `c.key_${index}`).join(', ')}) as place
      from (
${changesSql(mapping, operation, changed)}
      ) c
    ) d
  ) e
  ${named ? intentFor(root, tables) : ''};`;
}

/**
 * Whether an event tells of its own row alone, which names its root: it is true wherever it stands in the stream. One that takes along what is
 * beneath a part, or finds its root through another part, may have read what has changed since.
 */
function ofOneRowSql(mapping: PartMapping, operation: Operation): string {
  const { root, parent } = mapping.part;
  if (parent.part || operation === 'truncate') return 'false';
  return root.parts.some(({ part }) => part.parent === mapping) ? `e.kind = 'updated'` : 'true';
}

/**
 * Of an aggregate that something was told of while the statement ran: its parts may have been changed again before capture hears
 * of the statement. So it records them as they are by now, which is true whichever of the changes is recorded last.
 */
function partsByNow(mapping: PartMapping, { before, after }: ChangedParts): ChangedParts {
  const isSame = mapping.key
    .map(({ column }) => `c.${quoteIdentifier(column)} = k.${quoteIdentifier(column)}`)
    .join(' and ');
  const columns = mapping.columns.map(({ column }) => quoteIdentifier(column));
  const of = (alias: string): string => columns.map((column) => `${alias}.${column}`).join(', ');
  const key = mapping.key.map(({ column }) => quoteIdentifier(column)).join(', ');
  const byNow = (rows: string): string =>
    `select ${of('c')} from ${tableOf(mapping)} c join ${rows} k on ${isSame}`;
  const both = [before, after].filter(Boolean).map((rows) => `select ${key} from ${rows} b`);
  // one that a policy hides is not gone: as it was when the trigger fired
  const hidden = (rows: string): string => `select ${of('k')} from ${rows} k
        where row_security_active(to_regclass(${quoteLiteral(quoteTable(mapping.table))})) and not exists (select from ${tableOf(mapping)} c where ${isSame})`;
  const cameBack = `exists (${before && byNow(before)} where ${streamIdSql(mapping, 'c')} is not distinct from ${streamIdSql(mapping, 'd')})`;
  return {
    before: before && (after ? before : `(select d.* from ${before} d where not ${cameBack})`),
    after: after && `(${byNow(`(${both.join(' union ')})`)} union all ${hidden(after)})`,
  };
}

function ofBoth(
  { before, after }: ChangedParts,
  select: (alias: string) => string,
  together: 'union' | 'union all' = 'union all',
): string {
  return [
    before && `select ${select('o')} from ${before} o`,
    after && `select ${select('n')} from ${after} n`,
  ]
    .filter(Boolean)
    .join(` ${together} `);
}

/** The table as it was before the statement. */
function rowsBefore(mapping: PartMapping, { before, after }: ChangedParts): RowSource {
  const key = mapping.key.map(({ column }) => quoteIdentifier(column));
  const isNew =
    after && `exists (select from ${after} n where ${key.map((k) => `n.${k} = t.${k}`).join(' and ')})`;
  return (other, where) => {
    if (other !== mapping) return tableOf(other, where);
    const conditions = [where?.('t'), isNew && `not ${isNew}`].filter(Boolean).join(' and ');
    const untouched = `select t.* from ${tableOf(mapping)} t ${conditions && `where ${conditions}`}`;
    const changed = before && `select o.* from ${before} o ${where ? `where ${where('o')}` : ''}`;
    return `(${[untouched, changed].filter(Boolean).join(' union all ')})`;
  };
}

function changesSql(mapping: PartMapping, operation: Operation, { before, after }: ChangedParts): string {
  const key = mapping.key.map(({ column }) => quoteIdentifier(column));
  const keys = (values: (column: string) => string): string =>
    key.map((column, index) => `${values(column)} as key_${index}`).join(', ');
  const entry = (id: string, value: string): string =>
    `jsonb_build_object(${quoteLiteral(mapping.part.path)}, jsonb_build_object(${id}, ${value}))`;
  const change = (
    step: number,
    kind: 'created' | 'updated' | 'deleted',
    id: string,
    data: string,
    metadata: string,
  ): string =>
    `select ${step} as step, '${kind}' as kind, ${id} as row_id, ${eventTypeSql(mapping, kind)} as type, ${data} as data, ${metadata} as metadata`;
  const added = (beneath: boolean): string =>
    together(
      entry(rowIdSql(mapping, 'n'), stateSql(mapping, 'n')),
      beneath ? descendantsSql(mapping, 'n', 'in') : undefined,
    );
  const removed = together(entry(rowIdSql(mapping, 'o'), 'null::jsonb'), descendantsSql(mapping, 'o', 'out'));
  if (!before) {
    const children = mapping.part.root.parts.filter(({ part }) => part.parent === mapping);
    const mayHaveSome = children.some(({ part }) => part.mayComeFirst);
    return `      select ${streamIdSql(mapping, 'n')} as stream_id, ${keys((k) => `n.${k}`)}, x.*
      from ${after} n cross join lateral (${change(1, 'created', rowIdSql(mapping, 'n'), added(mayHaveSome), 'capture.context')}) x
      where ${streamIdSql(mapping, 'n')} is not null`;
  }
  if (!after) {
    return `      select ${streamIdSql(mapping, 'o')} as stream_id, ${keys((k) => `o.${k}`)}, x.*
      from ${before} o cross join lateral (${change(1, 'deleted', rowIdSql(mapping, 'o'), removed, 'capture.context')}) x
      where ${streamIdSql(mapping, 'o')} is not null`;
  }
  const moved = (to: 'movedTo' | 'movedFrom', stream: string): string =>
    `case when r.was is null or r.is is null then capture.context else capture.context || ` +
    `jsonb_build_object('${to}', ${quoteLiteral(`${mapping.category}-`)} || ${stream}) end`;
  return `      select x.stream_id, ${keys((k) => `coalesce(n.${k}, o.${k})`)}, x.step, x.kind, x.row_id, x.type, x.data, x.metadata
      from ${before} o full join ${after} n on ${key.map((k) => `n.${k} = o.${k}`).join(' and ')}
      cross join lateral (
        select ${streamIdSql(mapping, 'o')} as was, ${streamIdSql(mapping, 'n')} as is, ${patchSql(mapping, 'o', 'n')} as patch offset 0
      ) r
      cross join lateral (
        select r.was as stream_id, y.* from (${change(1, 'deleted', rowIdSql(mapping, 'o'), removed, moved('movedTo', 'r.is'))}) y
        where r.was is not null and r.was is distinct from r.is
        union all
        select r.is, y.* from (${change(2, 'created', rowIdSql(mapping, 'n'), added(true), moved('movedFrom', 'r.was'))}) y
        where r.is is not null and r.is is distinct from r.was
        union all
        select r.is, y.* from (${change(2, 'updated', rowIdSql(mapping, 'n'), entry(rowIdSql(mapping, 'n'), 'r.patch::json'), 'capture.context')}) y
        where r.is = r.was and r.patch <> '{}'
      ) x`;
}

function together(own: string, beneath: string | undefined): string {
  return beneath ? `${own} || ${beneath}` : own;
}

function namedSql({ part: { root } }: PartMapping, named: boolean): string {
  if (!named) return 'e.type, e.data::json, e.metadata';
  const known = [...root.columns.map(({ property }) => property), ...root.parts.map(({ part }) => part.path)];
  return `coalesce(i.type, e.type), case when i.type is null then e.data::json else (coalesce(i.data - array[${known.map(quoteLiteral).join(', ')}]::text[], '{}') || e.data)::json end, e.metadata`;
}

/** The innermost open scope that names a change of this part: the first in each stream. */
function intentFor(root: EntityMapping, tables: StreamTables): string {
  return `left join lateral (
    select x.e ->> 'type' as type, x.e -> 'data' as data
    from jsonb_array_elements(capture.intents) with ordinality x (e, n)
    where e.place = 1 and coalesce(x.e ->> 'id', e.row_id) = e.row_id and coalesce(x.e ->> 'on', e.kind) = e.kind
      and not exists (
        select from ${tables.visible} v
        where v.category = ${quoteLiteral(root.category)} and v.stream_id = e.stream_id and v.change <> 'n'
          and v.type = x.e ->> 'type' and starts_with(v.metadata ->> 'scope', x.e ->> 'scope'))
    order by x.n limit 1
  ) i on true`;
}
