import { quoteIdentifier, quoteTable, type SqlExecutor } from '../../database/index.js';
import type { EntityMapping } from '../../mapping/index.js';
import type { Finding } from '../finding.js';

/** Columns that no entity has, of no release: TypeORM doesn't know them, so no event does. */
export async function uncapturedColumns(
  sql: SqlExecutor,
  mappings: readonly EntityMapping[],
  captured: readonly EntityMapping[],
): Promise<Finding[]> {
  const rows = await sql.execute<{ oid: number; column: string }>(
    `select a.attrelid as oid, a.attname as column from pg_attribute a
     where a.attrelid = any ($1::oid[]) and a.attnum > 0 and not a.attisdropped order by a.attrelid, a.attnum`,
    [mappings.map(({ table }) => table.oid)],
  );
  return mappings.flatMap(({ category, table, entityColumns }) => {
    const byOthers = captured.filter((mapping) => mapping.table.oid === table.oid);
    const known = new Set([
      ...entityColumns,
      ...byOthers.flatMap(({ columns }) => columns.map(({ column }) => column)),
    ]);
    const unknown = rows.filter(({ oid, column }) => oid === table.oid && !known.has(column));
    return unknown.map(({ column }) => ({
      severity: 'hint' as const,
      aggregate: category,
      problem: `column ${quoteIdentifier(column)} of ${quoteTable(table)} is not captured: no entity has it`,
      remedy: 'Add it to the entity, or leave it out on purpose.',
    }));
  });
}
