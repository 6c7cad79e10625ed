import type { DataSource } from 'typeorm';
import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { namesSchema } from '../connections/index.js';

/** Tables that nobody captures, in schemas that a search_path may lead to. */
export interface TablesElsewhere {
  readonly entity: string;
  /** The table that is captured. */
  readonly table: { readonly schema: string; readonly name: string };
  /** Schemas with a table of this name and these columns. */
  readonly schemas: readonly string[];
}

/**
 * For entities that name no schema: tables of the same name and columns in other schemas, which no history captures. Whether they
 * are tenants of this application, reached by search_path, or somebody else's, nothing in the database tells. One query.
 */
export async function tablesElsewhere(
  dataSource: DataSource,
  sql: SqlExecutor,
  mappings: readonly EntityMapping[],
): Promise<TablesElsewhere[]> {
  const free = new Set(
    dataSource.entityMetadatas
      .filter((metadata) => !namesSchema(dataSource, metadata))
      .map(({ name }) => name),
  );
  const open = mappings.flatMap((root) => [root, ...root.parts]).filter(({ entity }) => free.has(entity));
  if (open.length === 0) return [];
  const rows = await sql.execute<{ oid: number; schemas: string[] }>(
    `select o.oid, jsonb_agg(n.nspname order by n.nspname) as schemas
     from jsonb_to_recordset($1::jsonb) own (oid oid, columns text[])
     join pg_class o on o.oid = own.oid
     join pg_class c on c.relname = o.relname and c.oid <> o.oid and c.relkind in ('r', 'p')
     join pg_namespace n on n.oid = c.relnamespace
     where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
       and not exists (select from pg_inherits i where i.inhrelid = c.oid)
       and not exists (select from unnest(own.columns) wanted where not exists (
         select from pg_attribute a where a.attrelid = c.oid and a.attname = wanted and a.attnum > 0 and not a.attisdropped))
       and not exists (
         select from pg_trigger g join pg_proc p on p.oid = g.tgfoid
         where g.tgrelid = c.oid and not g.tgisinternal and g.tgname like '00\\_backstory\\_%' and starts_with(p.proname, 'capture_'))
     group by o.oid`,
    [
      JSON.stringify(
        open.map(({ table, columns }) => ({ oid: table.oid, columns: columns.map(({ column }) => column) })),
      ),
    ],
  );
  return open.flatMap(({ entity, table }) => {
    const found = rows.find(({ oid }) => oid === table.oid);
    return found ? [{ entity, table, schemas: found.schemas }] : [];
  });
}
