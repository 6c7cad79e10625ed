import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { AggregateOptions } from './aggregate-options.js';
import type { EntityMapping } from './entity-mapping.js';

/** Keeps what the application has named, so that commands without its configuration know it, too. */
export async function storeAggregates(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<void> {
  await sql.execute(
    `insert into ${quoteIdentifier(schema)}.aggregates as a (category, entity, options, table_schema, table_name)
     select m.category, m.entity, m.options, m.table_schema, m.table_name
     from jsonb_to_recordset($1::jsonb)
       as m (category text, entity text, options jsonb, table_schema text, table_name text)
     on conflict (category) do update set entity = excluded.entity, options = excluded.options,
       table_schema = excluded.table_schema, table_name = excluded.table_name
     where (a.entity, a.options, a.table_schema, a.table_name)
       is distinct from (excluded.entity, excluded.options, excluded.table_schema, excluded.table_name)`,
    [
      JSON.stringify(
        mappings.map(({ category, entity, excluded, renamed, defaults, eventTypes, rules, table }) => ({
          category,
          entity,
          options: { exclude: excluded, renamed, defaults, types: eventTypes, storedRules: rules },
          table_schema: table.schema,
          table_name: table.name,
        })),
      ),
    ],
  );
}

/** The aggregates that an application has named before, as options. */
export async function storedAggregates(sql: SqlExecutor, schema: string): Promise<AggregateOptions[]> {
  const rows = await sql.execute<{ entity: string; category: string; options: Partial<AggregateOptions> }>(
    `select entity, category, options from ${quoteIdentifier(schema)}.aggregates order by category`,
  );
  return rows.map(({ options, ...aggregate }) => ({ ...options, ...aggregate }));
}
