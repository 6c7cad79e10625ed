import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { type EntityMapping, patchSql, schemaVersionSql, stateSql, streamIdSql } from '../mapping/index.js';
import { changedRows, newRows, oldRows } from './changed-rows.js';
import { announcedSql, eventSql, insertEvents, intentFor, livingStream } from './event-sql.js';
import { eventTypeSql } from './event-type-sql.js';
import { asNamed } from './as-named.js';
import { backfillMetadata, firstEventsSql } from './first-events-sql.js';
import { hiddenTruncationSql } from './hidden-truncation-sql.js';
import { type PlainEvents, plainEventSql, plainEventsSql } from './plain-events-sql.js';
import { rowByNowSql, rowIsThere } from './row-by-now-sql.js';
import { isSameKeySql } from './same-key-sql.js';
import type { StreamTables } from './stream-tables.js';
import { tellEndsSql } from './tell-ends-sql.js';
import { truncatedRows } from './truncated-rows.js';

/** The statements that write an event for each inserted row. */
export function insertedEventsSql(mapping: EntityMapping, tables: StreamTables): string {
  return whereNamed(mapping, (isThere) => {
    const { new: now } = changedRows(mapping, tables.schema, isThere);
    const beginsAnew = tellEndsSql(mapping, tables, now);
    const atOnce = mapping.parts.length > 0 ? beginsAnew : '';
    const others = (which: Which, there: boolean): string =>
      `${atOnce ? '' : beginsAnew}${insertionsSql(mapping, tables, now, which, there)}`;
    const plain: PlainEvents = {
      change: 'c',
      from: `from ${now} n
  cross join lateral (select ${streamIdSql(mapping, 'n')} as stream_id offset 0) k`,
      type: eventTypeSql(mapping, 'created'),
      data: stateSql(mapping, 'n'),
    };
    return `${atOnce}${plainFirst(mapping, tables, newRows, plain, plain, others, isThere)}`;
  });
}

/**
 * A row that something was told of already is created by that, unless its first event says that it was there before. One whose stream
 * lives takes the place of a row of which capture hasn't heard yet that it is gone, and is an update of it.
 */
function insertionsSql(
  mapping: EntityMapping,
  tables: StreamTables,
  now: string,
  which: Which,
  isThere: boolean,
): string {
  const isWhole = `not exists (select from jsonb_each((${stateSql(mapping, 'w')})::jsonb) s where l.data -> s.key is distinct from s.value)`;
  return `${insertEvents(mapping, tables)}
  select ${quoteLiteral(mapping.category)}, k.stream_id, coalesce(h.position, 0) + a.step, a.change, a.type, a.data, a.metadata${schemaVersionSql(mapping).value}${tables.value}
  from ${oneOfEachKey(mapping, now)} n
  cross join lateral (select ${streamIdSql(mapping, 'n')} as stream_id offset 0) k ${which.join}
  cross join lateral (${tables.last(quoteLiteral(mapping.category), 'k.stream_id')}) h
  ${rowByNowSql(mapping, tables, { before: false, after: true, isThere })}
  ${intentFor(mapping, tables, 'created')}
  cross join lateral (
    select 1 as step, ${beginning(mapping, tables)}, ${eventSql(mapping, 'created', stateByNow(mapping))}
  ) e (step, change, type, data, metadata)
  ${announcedSql(mapping, tables.schema)}
  where ${which.condition} and not (h.told and (l.gone and not ${rowIsThere(mapping)} or l.created and i.announced is null and ${isWhole}));`;
}

/** Nearly every update is of rows that have their streams and keep their keys. "offset 0" keeps a patch from being computed more than once. */
export function updatedEventsSql(mapping: EntityMapping, tables: StreamTables): string {
  const first = firstWithParts(mapping, tables, changedRows(mapping, tables.schema).old);
  return (
    first +
    whereNamed(mapping, (isThere) => {
      const { old, new: now } = changedRows(mapping, tables.schema, isThere);
      const others = (which: Which, there: boolean): string =>
        `${tellEndsSql(mapping, tables, now)}${updatesSql(mapping, tables, which, there)}`;
      const [oldId, newId] = [streamIdSql(mapping, 'o'), streamIdSql(mapping, 'n')];
      const type = eventTypeSql(mapping, 'updated');
      const ofOne: PlainEvents = {
        change: 'u',
        from: `from ${old} o cross join ${now} n
  cross join lateral (select ${newId} as stream_id, ${patchSql(mapping, 'o', 'n')} as patch offset 0) k
  cross join lateral (select k.patch) r`,
        type,
        data: 'r.patch',
        isPlain: isSameKeySql(mapping),
        isChange: `r.patch <> '{}'`,
      };
      const ofMany: PlainEvents = {
        ...ofOne,
        from: `from ${old} o full join ${now} n on ${isSameKeySql(mapping)}
  cross join lateral (select coalesce(${newId}, ${oldId}) as stream_id, ${oldId} is not null and ${newId} is not null as stayed offset 0) k
  cross join lateral (select case when k.stayed then ${patchSql(mapping, 'o', 'n')} end as patch offset 0) r`,
        isPlain: 'k.stayed',
        isChange: `r.patch is distinct from '{}'`,
      };
      return plainFirst(mapping, tables, newRows, ofOne, ofMany, others, isThere);
    })
  );
}

/**
 * A row whose key didn't change is an update; one whose old key has no new row was moved away from that key, one whose new
 * key has no old row was moved to it. FULL JOIN keeps the cached plan from ever becoming a nested loop over two transition
 * tables. "offset 0" keeps the patch from being computed more than once.
 *
 * A row without a new one that is there by now wasn't moved: PostgreSQL has shown another in place of it. MERGE that inserts into a
 * partitioned table and then updates puts the inserted row among the updated ones (18.4).
 */
function updatesSql(mapping: EntityMapping, tables: StreamTables, which: Which, isThere: boolean): string {
  const { old, new: now } = changedRows(mapping, tables.schema, isThere);
  const [oldId, newId] = [streamIdSql(mapping, 'o'), streamIdSql(mapping, 'n')];
  const next = 'case when r.begins then 2 else 1 end';
  return `${insertEvents(mapping, tables)}
  select ${quoteLiteral(mapping.category)}, k.stream_id, coalesce(h.position, 0) + a.step, a.change, a.type, a.data, a.metadata${schemaVersionSql(mapping).value}${tables.value}
  from ${old} o
  full join ${oneOfEachKey(mapping, now)} n on ${isSameKeySql(mapping)}
  cross join lateral (
    select coalesce(${newId}, ${oldId}) as stream_id, ${oldId} is not null as was, ${newId} is not null as is offset 0
  ) k ${which.join}
  cross join lateral (${tables.last(quoteLiteral(mapping.category), 'k.stream_id')}) h
  ${rowByNowSql(mapping, tables, { before: true, after: true, isThere }, '(h.told or not k.is)')}
  cross join lateral (
    select k.was and ${livingStream} is not true as begins,
           case when k.is and not k.was then null
                when not k.is then case when ${rowIsThere(mapping)} then ${patchSql(mapping, 'o', 'w')} end
                when h.told then ${patchSql(mapping, 'o', 'n', { row: 'w', data: 'l.data' })}
                else ${patchSql(mapping, 'o', 'n')} end as patch
    offset 0
  ) r
  ${intentFor(mapping, tables, `case when not k.is then 'deleted' when not k.was then 'created' else 'updated' end`)}
  cross join lateral (
    ${firstEvent(mapping)} where r.begins
    union all
    select ${next}, 'u', ${eventSql(mapping, 'updated', 'r.patch')} where k.was and k.is
    union all
    select ${next}, 'u', ${eventSql(mapping, 'updated', 'r.patch')} from (select w.*) n where not k.is and ${rowIsThere(mapping)}
    union all
    select ${next}, 'd', ${eventSql(mapping, 'deleted', `'{}'`)} where not k.is and not ${rowIsThere(mapping)}
    union all
    select 1, ${beginning(mapping, tables)}, ${eventSql(mapping, 'created', stateByNow(mapping))} where not k.was
  ) e
  ${announcedSql(mapping, tables.schema)}
  where ${which.condition} and (r.patch is distinct from '{}' or i.announced is not null) and not (h.told and l.gone and not ${rowIsThere(mapping)});`;
}

export function deletedEventsSql(mapping: EntityMapping, tables: StreamTables): string {
  const first = firstWithParts(mapping, tables, changedRows(mapping, tables.schema).old);
  return (
    first +
    whereNamed(mapping, (isThere) => {
      const { old } = changedRows(mapping, tables.schema, isThere);
      const others = (
        which: Which,
        there: boolean,
      ): string => `${deletionsSql(mapping, tables, oneOfEachKey(mapping, old), which, there)}
  where ${which.condition} and not (h.told and ${rowIsThere(mapping)});`;
      const plain: PlainEvents = {
        change: 'd',
        from: `from ${old} o cross join lateral (select ${streamIdSql(mapping, 'o')} as stream_id offset 0) k`,
        type: eventTypeSql(mapping, 'deleted'),
        data: `'{}'`,
      };
      return plainFirst(mapping, tables, oldRows, plain, plain, others, isThere);
    })
  );
}

/**
 * For the rows of a whole table, before it is truncated. TRUNCATE of a partitioned table fires the triggers of its
 * partitions as well: each takes its own rows, and only those whose stream hasn't ended already.
 */
export function truncatedEventsSql(mapping: EntityMapping, tables: StreamTables): string {
  const rows = truncatedRows(mapping, tables.schema);
  return `${firstWithParts(mapping, tables, rows)}${deletionsSql(mapping, tables, rows)}
  where h.change is distinct from 'd';${hiddenTruncationSql(mapping, tables)}`;
}

function deletionsSql(
  mapping: EntityMapping,
  tables: StreamTables,
  rows: string,
  which = allOfThem,
  isThere = true,
): string {
  return `${insertEvents(mapping, tables)}
  select ${quoteLiteral(mapping.category)}, k.stream_id, coalesce(h.position, 0) + a.step, a.change, a.type, a.data, a.metadata${schemaVersionSql(mapping).value}${tables.value}
  from ${rows} o
  cross join lateral (select ${streamIdSql(mapping, 'o')} as stream_id offset 0) k ${which.join}
  cross join lateral (${tables.last(quoteLiteral(mapping.category), 'k.stream_id')}) h
  ${rowByNowSql(mapping, tables, { before: true, after: false, isThere })}
  ${intentFor(mapping, tables, 'deleted')}
  cross join lateral (
    ${firstEvent(mapping)} where ${livingStream} is not true
    union all
    select case when ${livingStream} then 1 else 2 end, 'd', ${eventSql(mapping, 'deleted', `'{}'`)}
  ) e
  ${announcedSql(mapping, tables.schema)}`;
}

/**
 * The change of a row that wasn't there before. Of an aggregate with parts, which may come before their root, only what was told of says
 * whether that is there; and a creation takes away what parts its stream still has of a former one. An update behind the end of a stream,
 * as erasure once wrote it, doesn't make the stream live.
 */
function beginning({ category, parts }: EntityMapping, { visible }: StreamTables): string {
  const began = `select v.change from ${visible} v where v.category = ${quoteLiteral(category)} and v.stream_id = k.stream_id and v.change in ('c', 'd') order by v.stream_position desc limit 1`;
  const goesOn =
    parts.length > 0 ? `h.told and l.begun and not l.gone` : `${livingStream} and (${began}) = 'c'`;
  return `case when ${goesOn} then 'u'::"char" else 'c' end`;
}

/**
 * What a statement has done to rows of one key is told once, since the state is that of the row by now: it may insert a row again that a BEFORE trigger has
 * deleted meanwhile, and MERGE of a partitioned table may show an inserted row in place of several updated ones. A trigger for each row sees one.
 */
function oneOfEachKey({ reentrant, key }: EntityMapping, rows: string): string {
  if (reentrant) return rows;
  const columns = key.map(({ column }) => `x.${quoteIdentifier(column)}`).join(', ');
  return `(select distinct on (${columns}) x.* from ${rows} x)`;
}

function stateByNow(mapping: EntityMapping): string {
  return `case when h.told then ${stateSql(mapping, 'w')} else ${stateSql(mapping, 'n')} end`;
}

/**
 * One row is tried first, with a plan that is a third of the others'; then many rows; then those that something is special about: that
 * have no living stream, or another key than before, or of which capture was told something while the statement ran; and all of
 * them where scopes are open that name changes. A trigger for each row has no many.
 */
function plainFirst(
  mapping: EntityMapping,
  tables: StreamTables,
  rows: string,
  one: PlainEvents,
  many: PlainEvents,
  others: (which: Which, isThere: boolean) => string,
  isThere: boolean,
): string {
  const isOneRow = mapping.reentrant ? undefined : `not exists (select from ${rows} offset 1)`;
  const first = `${plainEventSql(mapping, tables, one, isOneRow)};
    get diagnostics capture.written = row_count;`;
  if (mapping.reentrant) {
    return `if capture.intents is null then
    ${first}
  end if;
  if capture.written is distinct from 1 then
${others(allOfThem, isThere)}
  end if;`;
  }
  return `if capture.intents is null then
    ${first}
    if capture.written = 0 then
${plainEventsSql(mapping, tables, many)}
    end if;
  end if;
  if capture.intents is not null or capture.others is not null then
${asNamed(mapping, (there) => others(theOthers, there))}
  end if;`;
}

/** Which rows a statement is for. */
interface Which {
  readonly join: string;
  readonly condition: string;
}

const allOfThem: Which = { join: '', condition: 'true' };
const theOthers: Which = {
  join: 'left join unnest(capture.others) u (stream_id) on u.stream_id = k.stream_id',
  condition: '(capture.others is null or u.stream_id is not null)',
};

/** Of a table whose every statement needs its name; the short way of others doesn't. */
function whereNamed(mapping: EntityMapping, sql: (isThere: boolean) => string): string {
  return mapping.reentrant ? asNamed(mapping, sql) : sql(true);
}

/** An aggregate of several tables gets its first event in a statement of its own; one of a single row along with the change. */
function firstWithParts(mapping: EntityMapping, tables: StreamTables, rows: string): string {
  return mapping.parts.length === 0 ? '' : `${firstEventsSql(mapping, tables, rows)}\n`;
}

/** For a row without a living stream, which was there before capture or came behind its back: as it was before this change. */
function firstEvent(mapping: EntityMapping): string {
  return (
    `select 1 as step, 'c'::"char" as change, ${quoteLiteral(mapping.eventTypes.imported)} as type, ` +
    `${stateSql(mapping, 'o')} as data, ${backfillMetadata} as metadata`
  );
}
