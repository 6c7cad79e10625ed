import type { DataSource } from 'typeorm';
import type { SqlExecutor } from '../database/index.js';
import type { AggregateSelection } from '../mapping/index.js';
import { selectEntities } from './select-entities.js';
import { tableOf } from './table-of.js';
import { tenantDataSource } from '../connections/index.js';

/** A schema with tables of the entities that name none. */
export interface SchemaOfTables {
  readonly schema: string;
  /** Tables that it lacks. */
  readonly missing: readonly string[];
}

/** Every schema that has any of the chosen entities' tables, and which it lacks. One query. */
export function schemasOfTenants(
  dataSource: DataSource,
  sql: SqlExecutor,
  selection: AggregateSelection,
): Promise<SchemaOfTables[]> {
  const view = tenantDataSource(dataSource, 'any');
  const names = selectEntities(view, selection)
    .flatMap(({ metadata, parts }) => [metadata, ...parts.map((part) => part.metadata)])
    .map((metadata) => tableOf(view, metadata).name);
  return sql.execute<SchemaOfTables>(
    `select n.nspname as schema, coalesce(jsonb_agg(wanted.name order by wanted.name) filter (where c.oid is null), '[]') as missing
     from pg_namespace n cross join unnest($1::text[]) as wanted (name)
     left join pg_class c on c.relnamespace = n.oid and c.relname = wanted.name and c.relkind in ('r', 'p')
     where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
     group by n.nspname having count(c.oid) > 0 order by n.nspname`,
    [[...new Set(names)]],
  );
}
