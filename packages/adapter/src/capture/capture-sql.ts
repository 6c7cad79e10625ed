import { createHash } from 'node:crypto';
import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import { type EntityMapping, patchSql, pinnedSettingsOf, stateSql, streamIdSql } from '../mapping/index.js';

/** Names that no table has as a column: inside the function a column of the same name would hide the rows. */
const oldRows = 'backstory_old_rows';
const newRows = 'backstory_new_rows';

/** Sorts before the application's own triggers of the same kind, so that ours fire first. */
export const triggerPrefix = '00_backstory_';

/** The metadata of a first event for a row that was there before capture. */
const backfillMetadata = `'{"origin":"backfill"}'::jsonb`;

const operations = ['insert', 'update', 'delete', 'truncate'] as const;
type Operation = (typeof operations)[number];

/** How many triggers a completely captured table has. */
export const triggersPerTable = operations.length;

/** The generated functions and triggers of one table, and a fingerprint that changes whenever they do. */
export interface CaptureSql {
  readonly functions: readonly string[];
  readonly triggers: readonly string[];
  readonly fingerprint: string;
}

/**
 * Generates capture for one table: statement-level triggers with transition tables, code-generated column by column
 * (see docs/adr/0001). One trigger call per statement, however many rows; no round trip; atomic with the write.
 */
export function captureSql(mapping: EntityMapping, schema: string): CaptureSql {
  const functions = operations.map((operation) => createFunction(mapping, schema, operation));
  const triggers = operations.map((operation) => createTrigger(mapping, schema, operation));
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([functions, triggers]))
    .digest('hex');
  return { functions, triggers, fingerprint };
}

/** Removes capture from a table; the events stay. */
export function dropCaptureSql(mapping: Pick<EntityMapping, 'table'>): string[] {
  return operations.map(
    (operation) => `drop trigger if exists ${triggerName(operation)} on ${quoteTable(mapping.table)}`,
  );
}

function triggerName(operation: Operation): string {
  return quoteIdentifier(triggerPrefix + operation);
}

function functionName(mapping: EntityMapping, schema: string, operation: Operation): string {
  const name = `capture_${mapping.category}_${operation}`;
  // PostgreSQL would cut a longer name off and two categories might meet
  const unique =
    name.length <= 63
      ? name
      : `${name.slice(0, 46)}_${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
  return `${quoteIdentifier(schema)}.${quoteIdentifier(unique)}`;
}

function createTrigger(mapping: EntityMapping, schema: string, operation: Operation): string {
  const referencing = {
    insert: `referencing new table as ${newRows}`,
    update: `referencing old table as ${oldRows} new table as ${newRows}`,
    delete: `referencing old table as ${oldRows}`,
    truncate: '',
  }[operation];
  // After TRUNCATE the rows would be gone; before it they are there and already locked.
  const time = operation === 'truncate' ? 'before' : 'after';
  return (
    `create trigger ${triggerName(operation)} ${time} ${operation} on ${quoteTable(mapping.table)} ` +
    `${referencing} for each statement execute function ${functionName(mapping, schema, operation)}()`
  );
}

function createFunction(mapping: EntityMapping, schema: string, operation: Operation): string {
  const body = {
    insert: insertBody,
    update: updateBody,
    delete: (m: EntityMapping, s: string) => deleteBody(m, s, oldRows),
    truncate: (m: EntityMapping, s: string) => deleteBody(m, s, quoteTable(m.table)),
  }[operation](mapping, schema);
  return (
    `create or replace function ${functionName(mapping, schema, operation)}() returns trigger ` +
    `language plpgsql security definer ${pinnedSettingsOf(mapping)} as $backstory$\n` +
    `declare\n  backstory_context jsonb;\nbegin\n` +
    // Asked here, so that the function is called only where there is a context: a call costs 0.04 ms.
    `  if left(current_query(), 12) = '/*backstory ' then\n` +
    `    backstory_context := ${quoteIdentifier(schema)}.statement_context(current_query());\n  end if;\n` +
    `${body}\n  return null;\nend $backstory$`
  );
}

function insertBody(mapping: EntityMapping, schema: string): string {
  return `${insertEvents(schema)}
  select ${quoteLiteral(mapping.category)}, r.stream_id, coalesce(h.position, 0) + 1, 'c', ${quoteLiteral(mapping.eventTypes.created)},
         ${stateSql(mapping, 'n')}, backstory_context
  from ${newRows} n
  cross join lateral (select ${streamIdSql(mapping, 'n')} as stream_id offset 0) r
  ${streamHead(mapping, schema)};`;
}

/**
 * A row whose key didn't change is an update; one whose old key has no new row was moved away from that key,
 * one whose new key has no old row was moved to it. FULL JOIN also keeps the cached plan from ever becoming a
 * nested loop over two transition tables. "offset 0" keeps the patch from being computed more than once.
 */
function updateBody(mapping: EntityMapping, schema: string): string {
  const oldId = streamIdSql(mapping, 'o');
  const newId = streamIdSql(mapping, 'n');
  const { created, deleted } = mapping.eventTypes;
  return `${insertEvents(schema)}
  select ${quoteLiteral(mapping.category)}, r.stream_id, coalesce(h.position, 0) + e.step, e.change, e.type, e.data, e.metadata
  from ${oldRows} o
  full join ${newRows} n on ${newId} = ${oldId}
  cross join lateral (
    select coalesce(${newId}, ${oldId}) as stream_id, ${oldId} is not null as was, ${newId} is not null as is,
           case when ${oldId} is not null and ${newId} is not null then ${patchSql(mapping, 'o', 'n')} end as patch
    offset 0
  ) r
  ${streamHead(mapping, schema)}
  cross join lateral (
    select 1 as step, 'c'::"char" as change, ${quoteLiteral(created)} as type,
           ${stateSql(mapping, 'o')} as data, ${backfillMetadata} as metadata
    where h.position is null and r.was
    union all
    select case when h.position is null then 2 else 1 end, 'u', ${updateType(mapping)}, r.patch, backstory_context
    where r.was and r.is
    union all
    select case when h.position is null then 2 else 1 end, 'd', ${quoteLiteral(deleted)}, '{}', backstory_context
    where not r.is
    union all
    select 1, 'c', ${quoteLiteral(created)}, ${stateSql(mapping, 'n')}, backstory_context
    where not r.was
  ) e
  where r.patch is distinct from '{}';`;
}

function deleteBody(mapping: EntityMapping, schema: string, rows: string): string {
  const { created, deleted } = mapping.eventTypes;
  return `${insertEvents(schema)}
  select ${quoteLiteral(mapping.category)}, r.stream_id, coalesce(h.position, 0) + e.step, e.change, e.type, e.data, e.metadata
  from ${rows} o
  cross join lateral (select ${streamIdSql(mapping, 'o')} as stream_id offset 0) r
  ${streamHead(mapping, schema)}
  cross join lateral (
    select 1 as step, 'c'::"char" as change, ${quoteLiteral(created)} as type,
           ${stateSql(mapping, 'o')} as data, ${backfillMetadata} as metadata
    where h.position is null
    union all
    select case when h.position is null then 2 else 1 end, 'd', ${quoteLiteral(deleted)}, '{}', backstory_context
  ) e;`;
}

function insertEvents(schema: string): string {
  return (
    `  insert into ${quoteIdentifier(schema)}.events ` +
    `(category, stream_id, stream_position, change, type, data, metadata)`
  );
}

/** The last position of each row's stream, null for a stream that isn't there: one index probe per row. */
function streamHead(mapping: EntityMapping, schema: string): string {
  return (
    `cross join lateral (select max(v.stream_position) as position from ${quoteIdentifier(schema)}.events v ` +
    `where v.category = ${quoteLiteral(mapping.category)} and v.stream_id = r.stream_id) h`
  );
}

function updateType(mapping: EntityMapping): string {
  const { updated, softDeleted, restored } = mapping.eventTypes;
  if (!mapping.deletedAt) return quoteLiteral(updated);
  const column = quoteIdentifier(mapping.deletedAt.column);
  return (
    `case when o.${column} is null and n.${column} is not null then ${quoteLiteral(softDeleted)} ` +
    `when o.${column} is not null and n.${column} is null then ${quoteLiteral(restored)} ` +
    `else ${quoteLiteral(updated)} end`
  );
}
