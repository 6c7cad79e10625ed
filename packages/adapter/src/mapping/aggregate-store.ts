import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { AggregateOptions } from './aggregate-options.js';
import type { EntityMapping } from './entity-mapping.js';

/**
 * Keeps what the application has named, so that commands without its configuration know it, too. A table is captured
 * once: where it was an aggregate of its own before, or a part of another, it is no more.
 */
export async function storeAggregates(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<void> {
  const table = `${quoteIdentifier(schema)}.aggregates`;
  const rows = JSON.stringify(mappings.flatMap((root) => [root, ...root.parts]).map(storedAggregate));
  const named =
    'jsonb_to_recordset($1::jsonb) as m (category text, part text, entity text, options jsonb, table_schema text, table_name text)';
  await sql.execute(
    `delete from ${table} a using ${named}
     where a.table_schema = m.table_schema and a.table_name = m.table_name
       and (a.category, a.part) <> (m.category, m.part)`,
    [rows],
  );
  await sql.execute(
    `insert into ${table} as a (category, part, entity, options, table_schema, table_name)
     select m.category, m.part, m.entity, m.options, m.table_schema, m.table_name from ${named}
     on conflict (category, part) do update set entity = excluded.entity, options = excluded.options,
       table_schema = excluded.table_schema, table_name = excluded.table_name
     where (a.entity, a.options, a.table_schema, a.table_name)
       is distinct from (excluded.entity, excluded.options, excluded.table_schema, excluded.table_name)`,
    [rows],
  );
}

function storedAggregate(mapping: EntityMapping): object {
  const { category, part, parts, entity, excluded, renamed, defaults, eventTypes, rules, table } = mapping;
  const { knownAs, schemaVersion, renamedTypes, snapshotEvery } = mapping;
  const owns = parts.map(({ part: { path } }) => path);
  return {
    category,
    part: part?.path ?? '',
    entity,
    options: {
      ...(owns.length > 0 && { owns }),
      exclude: excluded,
      renamed,
      defaults,
      types: eventTypes,
      storedRules: rules,
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
