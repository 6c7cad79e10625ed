import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { columnsAsSeen, type EntityMapping, readCatalogOf, readStoredTables } from '../mapping/index.js';
import { captureFunctions, captureSql } from './capture-sql.js';

/** Makes the functions that capture some tables, or makes them anew, and notes what the tables and columns are called by now. */
export async function makeFunctions(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
): Promise<void> {
  if (mappings.length === 0) return;
  const stored = await readStoredTables(sql, schema);
  const catalog = await readCatalogOf(
    sql,
    mappings.map(({ table }) => table.oid),
  );
  // Streams that began before a part was owned don't have it: until a verify says otherwise, it isn't read from them.
  const begun = `select from ${quoteIdentifier(schema)}.events e where e.category = $1`;
  for (const mapping of mappings) {
    const part = mapping.part?.path ?? '';
    const { functions, fingerprint } = captureSql(mapping, schema);
    // Who may execute one may hang it on a table of their own.
    const names = captureFunctions(mapping).map(
      (name) => `${quoteIdentifier(schema)}.${quoteIdentifier(name)}()`,
    );
    await sql.execute(
      [...functions, `revoke execute on function ${names.join(', ')} from public`].join(';\n'),
    );
    const known = stored.find((each) => each.category === mapping.category && each.part === part)?.captured;
    const table = catalog.find(({ oid }) => oid === mapping.table.oid);
    await sql.execute(
      `update ${quoteIdentifier(schema)}.aggregates
       set fingerprint = $3, functions_oid = table_oid, table_schema = $4, table_name = $5, captured = $6,
           replayed_oid = coalesce(replayed_oid, case when part = '' or not exists (${begun}) then table_oid end),
           installed_at = now() where category = $1 and part = $2`,
      [
        mapping.category,
        part,
        fingerprint,
        mapping.table.schema,
        mapping.table.name,
        known && table ? JSON.stringify(columnsAsSeen(known, table)) : null,
      ],
    );
  }
}
