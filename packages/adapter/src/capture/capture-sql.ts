import { createHash } from 'node:crypto';
import { quoteIdentifier, quoteLiteral, quoteTable } from '../database/index.js';
import {
  type EntityMapping,
  type MappingName,
  mappingName,
  type PartMapping,
  pinnedSettingsOf,
} from '../mapping/index.js';
import {
  deletedEventsSql,
  insertedEventsSql,
  truncatedEventsSql,
  updatedEventsSql,
} from './captured-events-sql.js';
import { beginAppendFunction, beginAppendSql } from './begin-append-sql.js';
import { newRows, oldRows } from './changed-rows.js';
import { isNumberedAtCommit, numberedAtCommit, numberedAtWrite, type StreamTables } from './stream-tables.js';
import { survivingAggregate } from './surviving-rows.js';
import { lockEndsSql } from './lock-ends-sql.js';
import { type Operation, partEventsSql } from './part-events-sql.js';
import { type FailureRecording, noRecording, recordedFailuresSql } from './recorded-failures-sql.js';
import { noRefusal, type ResidualRefusal, residualRefusalSql } from './residual-refusal-sql.js';
import { untrackedSql } from './untracked-sql.js';

/** Sorts before the application's own triggers of the same kind, so that ours fire first. */
export const triggerPrefix = '00_backstory_';

const operations: readonly Operation[] = ['insert', 'update', 'delete', 'truncate'];

interface TableName {
  readonly schema: string;
  readonly name: string;
  readonly oid: number;
}

/** A trigger that a captured table, or one beneath it, must have. */
export interface WantedTrigger {
  readonly table: TableName;
  readonly name: string;
  readonly forEachRow: boolean;
  /** Of its function, in Backstory's schema. */
  readonly functionName: string;
  /** The statement that creates it, behind `create` or `create or replace`. */
  readonly definition: string;
}

/** What functions do beside their capture: of the same fingerprint, because they capture the same. */
export interface CaptureVariant {
  /** They refuse what no command explains. */
  readonly refuses: boolean;
  /** They record a failure of capture and let the write go on. */
  readonly records: boolean;
}

const plain: CaptureVariant = { refuses: false, records: false };

/** The generated functions of one table, and a fingerprint that changes whenever they do. */
export interface CaptureSql {
  readonly functions: (variant: CaptureVariant) => string[];
  readonly fingerprint: string;
}

/**
 * Generates capture for one table: statement-level triggers with transition tables, code-generated column by column
 * (see docs/adr/0001). One trigger call per statement, however many rows; no round trip; atomic with the write.
 * A table where one statement may change a row more than once gets row-level triggers instead, which fire before the
 * application's own: else the changes would be mixed up, or the later one be written first. Tables beneath it get the triggers, too: a
 * statement that names a partition doesn't fire its parent's.
 */
export function captureSql(mapping: EntityMapping, schema: string): CaptureSql {
  const ofSchemas = generated.get(mapping) ?? new Map<string, CaptureSql>();
  generated.set(mapping, ofSchemas);
  const sql = ofSchemas.get(schema) ?? generate(mapping, schema);
  ofSchemas.set(schema, sql);
  return sql;
}

/** An installation asks for each aggregate's several times. */
const generated = new WeakMap<EntityMapping, Map<string, CaptureSql>>();

function generate(mapping: EntityMapping, schema: string): CaptureSql {
  const survivor = survivorOf(mapping, schema);
  const functionsFor = [
    ...operations.map((operation) => createFunction(survivor, schema, operation)),
    ...(mapping.part ? [] : [createBeginAppend(mapping, survivor, schema)]),
  ];
  const fingerprint = createHash('sha256');
  // The same whatever oid and numbers a restore has given the table and its columns: it makes no function out of date.
  for (const forTable of functionsFor)
    fingerprint.update(forTable(0, plain).replaceAll(/ \d+::smallint/g, ' 0::smallint'));
  return {
    functions: (variant) => functionsFor.map((forTable) => forTable(mapping.table.oid, variant)),
    fingerprint: fingerprint.digest('hex'),
  };
}

/** The triggers that capture needs on a table and on those beneath it. */
export function wantedTriggers(mapping: EntityMapping, schema: string): WantedTrigger[] {
  const tables = [{ ...mapping.table, partition: false }, ...mapping.partitions];
  return tables.flatMap((table) =>
    operations
      // PostgreSQL itself puts row triggers of a partitioned table on its partitions
      .filter((operation) => !table.partition || !isForEachRow(mapping, operation))
      .map((operation) => wantedTrigger(mapping, schema, table, operation)),
  );
}

/** Functions that do nothing, for the triggers of an aggregate that is off: to replace a function takes no lock on a table. */
export function idleFunctions(mapping: MappingName, schema: string): string[] {
  return operations.map(
    (operation) =>
      `create or replace function ${quotedFunction(mapping, schema, operation)}() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp as $backstory$ begin return null; end $backstory$`,
  );
}

/** The names of the functions that capture one table. */
export function captureFunctions(mapping: MappingName): string[] {
  return operations.map((operation) => functionName(mapping, operation));
}

function survivorOf(mapping: EntityMapping, schema: string): EntityMapping {
  const root = survivingAggregate(mapping.part?.root ?? mapping, schema);
  return root.parts.find(({ part }) => part.path === mapping.part?.path) ?? root;
}

function isForEachRow({ reentrant }: EntityMapping, operation: Operation): boolean {
  return reentrant && operation !== 'truncate';
}

function functionName(mapping: MappingName, operation: Operation): string {
  const name = `capture_${mappingName(mapping)}_${operation}`;
  // PostgreSQL would cut a longer name off and two categories might meet
  return Buffer.byteLength(name) <= 63
    ? name
    : `${name.replace(/[^ -~]/g, '').slice(0, 46)}_${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}

function quotedFunction(mapping: MappingName, schema: string, operation: Operation): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(functionName(mapping, operation))}`;
}

function wantedTrigger(
  mapping: EntityMapping,
  schema: string,
  table: TableName,
  operation: Operation,
): WantedTrigger {
  const forEachRow = isForEachRow(mapping, operation);
  const name = triggerPrefix + operation;
  const referencing = {
    insert: `referencing new table as ${newRows}`,
    update: `referencing old table as ${oldRows} new table as ${newRows}`,
    delete: `referencing old table as ${oldRows}`,
    truncate: '',
  }[operation];
  // After TRUNCATE the rows would be gone; before it they are there and already locked.
  const time = operation === 'truncate' ? 'before' : 'after';
  return {
    table,
    name,
    forEachRow,
    functionName: functionName(mapping, operation),
    definition:
      `trigger ${quoteIdentifier(name)} ${time} ${operation} on ${quoteTable(table)} ` +
      `${forEachRow ? 'for each row' : `${referencing} for each statement`} ` +
      `execute function ${quotedFunction(mapping, schema, operation)}()`,
  };
}

/** For the table with an oid: others are asked after. */
type FunctionFor = (tableOid: number, variant: CaptureVariant) => string;

function createFunction(mapping: EntityMapping, schema: string, operation: Operation): FunctionFor {
  // What names the root names a change of the root's own row, not one of its parts.
  const names = (
    mapping.part ? [mapping.entity] : [...new Set([mapping.knownAs, mapping.category, mapping.entity])]
  )
    .map(quoteLiteral)
    .join(', ');
  const head = `create or replace function ${quotedFunction(mapping, schema, operation)}() returns trigger
language plpgsql security definer ${pinnedSettingsOf(mapping)} as `;
  const refusal = residualRefusalSql(mapping, schema, operation);
  const recording = recordedFailuresSql(mapping, schema, operation);
  const capture = (
    { noted, refused }: ResidualRefusal,
    { before, after }: FailureRecording,
  ): string => `${before}  -- asked here, because a call of the function costs as much as the event itself
  if left(current_query(), 12) = '/*backstory ' then
    capture.context := ${quoteIdentifier(schema)}.statement_context(current_query());${noted}
    if capture.context ? '$events' then
      capture.intents := (
        select jsonb_agg(e order by n) from jsonb_array_elements(capture.context -> '$events') with ordinality x (e, n)
        where e ->> 'aggregate' in (${names}));
      capture.context := capture.context - '$events';
    end if;
  end if;${refused}${untrackedSql(mapping, schema, operation)}
${inTurn(mapping, schema, operation)}
  return null;${after}`;
  return (tableOid, { refuses, records }) =>
    `${head}${dollarQuoted(`
#variable_conflict use_column
<<capture>>
declare
  context jsonb := '{}';
  intents jsonb;
  written bigint;
  work bigint;
  mark bigint;
  others text[];
  locks integer[];
  locked integer[];${refuses ? refusal.declared : ''}${records ? recording.declared : ''}
  fired_on constant oid := tg_relid;
begin
  if fired_on <> ${tableOid}::oid then
    if pg_partition_root(fired_on)::oid is distinct from ${tableOid}::oid then
      ${unlessCaptured(mapping, schema, tableOid)} return null; end if;
    end if;
  end if;
${capture(refuses ? refusal : noRefusal, records ? recording : noRecording)}
end `)}`;
}

function createBeginAppend(
  mapping: EntityMapping,
  survivor: EntityMapping,
  schema: string,
): (tableOid: number) => string {
  const body = beginAppendSql(mapping, survivor, schema);
  const name = beginAppendFunction(schema, mapping.category).replace(
    /\(text\)$/,
    '(in_stream_id text, out has_row boolean, out of_parts boolean, out begun boolean)',
  );
  return (tableOid) => `create or replace function ${name}
language plpgsql security definer ${pinnedSettingsOf(mapping)} as ${dollarQuoted(body(tableOid))}`;
}

/** For a table beneath the one that a function was made for, which is quick to see of a partition; or none of its, which writes nothing. */
function unlessCaptured({ category, part }: EntityMapping, schema: string, tableOid: number): string {
  const path = quoteLiteral(part?.path ?? '');
  return (
    `if ${tableOid}::oid <> all (array(select pg_partition_ancestors(fired_on)::oid)) ` +
    `and not ${quoteIdentifier(schema)}.captures(fired_on, ${quoteLiteral(category)}, ${path}) then`
  );
}

/** The body of a function, between marks that no name in it has. */
function dollarQuoted(body: string): string {
  let mark = '$backstory$';
  for (let number = 1; body.includes(mark); number++) mark = `$backstory_${number}$`;
  return `${mark}${body}${mark}`;
}

function eventsSql(mapping: EntityMapping, tables: StreamTables, operation: Operation): string {
  if (mapping.part) return partEventsSql(mapping as PartMapping, tables, operation);
  const ofRoot = {
    insert: insertedEventsSql,
    update: updatedEventsSql,
    delete: deletedEventsSql,
    truncate: truncatedEventsSql,
  }[operation];
  return ofRoot(mapping, tables);
}

/**
 * A writer whose snapshot is older than its turn doesn't see what others have written to the stream: the first event of a
 * backfill, or changes of other parts of the aggregate. To the application that is what it is, a failure to serialize.
 *
 * SERIALIZABLE transactions fail in such a way for whatever somebody else has written on a page that they have read: so they
 * don't look for pending events, which are all on the same few pages.
 */
function inTurn(mapping: EntityMapping, schema: string, operation: Operation): string {
  const atWrite = eventsSql(mapping, numberedAtWrite(schema), operation);
  const serializably = `begin
${atWrite}
    exception when unique_violation then
      raise exception 'could not serialize access due to a concurrent change of the same aggregate'
        using errcode = 'serialization_failure', hint = 'The transaction might succeed if retried.';
    end;`;
  return isNumberedAtCommit(mapping)
    ? `if current_setting('transaction_isolation') = 'serializable' then
    ${lockEndsSql(mapping, schema, operation)}
    ${serializably}
  else
${eventsSql(mapping, numberedAtCommit(schema), operation)}
  end if;`
    : `if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    ${serializably}
  else
${atWrite}
  end if;`;
}
