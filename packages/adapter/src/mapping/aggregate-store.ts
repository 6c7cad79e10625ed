import { quoteIdentifier, quoteLiteral, type SqlExecutor } from '../database/index.js';
import type { AggregateOptions } from './aggregate-options.js';
import type { CapturedTable, StoredTable } from './captured-table.js';
import type { EntityMapping } from './entity-mapping.js';

/** What is kept of one table of an aggregate. */
export interface TableToStore {
  readonly mapping: EntityMapping;
  readonly captured: CapturedTable;
}

/**
 * Keeps what is captured of the tables of an aggregate, and what the newest release has said of them, so that commands
 * without its configuration know it, too. A table is captured once: where it was an aggregate of its own before, or a part of
 * another, it is no more.
 */
export async function storeTables(
  sql: SqlExecutor,
  schema: string,
  tables: readonly TableToStore[],
): Promise<void> {
  const table = `${quoteIdentifier(schema)}.aggregates`;
  const rows = JSON.stringify(
    tables.map(({ mapping, captured }) => ({ ...storedAggregate(mapping), captured })),
  );
  const named =
    'jsonb_to_recordset($1::jsonb) as m (category text, part text, entity text, options jsonb, table_schema text, table_name text, table_oid oid, captured jsonb)';
  await sql.execute(
    `delete from ${table} a using ${named}
     where a.table_oid = m.table_oid and (a.category, a.part) <> (m.category, m.part)`,
    [rows],
  );
  await sql.execute(
    `insert into ${table} as a (category, part, entity, options, table_schema, table_name, table_oid, bound_in, captured)
     select m.category, m.part, m.entity, m.options, m.table_schema, m.table_name, m.table_oid, ${quoteLiteral(table)}::regclass, m.captured
     from ${named}
     on conflict (category, part) do update set entity = excluded.entity, options = excluded.options,
       table_schema = excluded.table_schema, table_name = excluded.table_name, table_oid = excluded.table_oid,
       bound_in = excluded.bound_in, captured = excluded.captured,
       fingerprint = case when a.table_oid = excluded.table_oid then a.fingerprint end`,
    [rows],
  );
}

/** Every table that is captured, or has been, of all aggregates in the database. One query. */
export async function readStoredTables(sql: SqlExecutor, schema: string): Promise<StoredTable[]> {
  const aggregates = `${quoteIdentifier(schema)}.aggregates`;
  return sql.execute<StoredTable>(
    `select a.category, a.part, a.entity, a.table_schema as schema, a.table_name as name, a.table_oid as oid, a.fingerprint,
       a.functions_oid as "functionsOid", a.captured, a.options, coalesce(s.stage = 'events' and s.refused_roles is not null, false) as refuses,
       coalesce(a.refusing_since = a.installed_at, false) as "isRefusing",
       coalesce(a.options ->> 'whenCaptureFails' = 'record', false) and not exists (
         select from ${aggregates} p where p.category = a.category and p.part <> '') as records,
       coalesce(a.recording_since = a.installed_at, false) as "isRecording", (
         with recursive above as (
           select i.inhparent from pg_inherits i where i.inhrelid = a.table_oid
           union select i.inhparent from above b join pg_inherits i on i.inhrelid = b.inhparent)
         select concat(u.table_schema, '.', u.table_name) from above b
         join ${aggregates} u on u.table_oid = b.inhparent and u.fingerprint is not null and u.category <> a.category
         where a.fingerprint is not null limit 1) as beneath
     from ${aggregates} a left join ${quoteIdentifier(schema)}.stages s using (category) order by a.category, a.part`,
  );
}

function storedAggregate(mapping: EntityMapping): object {
  const { category, part, parts, entity, excluded, included, renamed, defaults, eventTypes, rules, table } =
    mapping;
  const { knownAs, schemaVersion, renamedTypes, snapshotEvery } = mapping;
  const { subject, personal, retain, whenCaptureFails } = mapping;
  const owns = parts.map(({ part: { path } }) => path);
  return {
    category,
    part: part?.path ?? '',
    entity,
    options: {
      ...(owns.length > 0 && { owns }),
      exclude: excluded,
      ...(included.length > 0 && { include: included }),
      renamed,
      defaults,
      types: eventTypes,
      storedRules: rules,
      ...(subject && { subject }),
      ...(personal && { personal }),
      ...(retain && { retain }),
      ...(whenCaptureFails && { whenCaptureFails }),
      ...(!part && {
        ...(knownAs !== category && { category: knownAs, storedAs: category }),
        schemaVersion,
        renamedTypes,
        snapshots: snapshotEvery === 0 ? 'off' : { every: snapshotEvery },
        // what upcasts is code, which only the application's own configuration has
        ...(!mapping.foldsInSql && { upcastByCode: true }),
      }),
    },
    table_schema: table.schema,
    table_name: table.name,
    table_oid: table.oid,
  };
}

/** The aggregates that an application has named before, and their parts, as options. */
export async function storedAggregates(sql: SqlExecutor, schema: string): Promise<AggregateOptions[]> {
  const rows = await sql.execute<{
    entity: string;
    category: string;
    part: string;
    options: Partial<AggregateOptions>;
  }>(
    `select entity, category, part, options from ${quoteIdentifier(schema)}.aggregates order by category, part`,
  );
  return rows.map(({ options, part, category, entity }) => ({
    ...(part === '' && { category }),
    ...options,
    entity,
  }));
}
