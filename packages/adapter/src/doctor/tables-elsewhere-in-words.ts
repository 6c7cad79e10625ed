import { quoteIdentifier, quoteTable } from '../database/index.js';
import type { TablesElsewhere } from '../entities/index.js';

/** What is said of tables that may be tenants of the application and are not captured; undefined where there are none. */
export function tablesElsewhereInWords(
  found: readonly TablesElsewhere[],
): { problem: string; remedy: string } | undefined {
  const [first] = found;
  if (!first) return undefined;
  const schemas = [...new Set(found.flatMap((each) => each.schemas))].sort();
  const entities = found.map(({ entity }) => `"${entity}"`).join(', ');
  const tables = found.flatMap((each) => each.schemas.map((schema) => ({ schema, name: each.table.name })));
  return {
    problem:
      `${listed(tables.map(quoteTable))} ${tables.length === 1 ? 'has' : 'have'} the name and the columns of a captured table and ` +
      `${tables.length === 1 ? 'is' : 'are'} not captured: ${entities} ${found.length === 1 ? 'names' : 'name'} no schema, and what is ` +
      `captured is in ${quoteIdentifier(first.table.schema)}, where the connection looks first`,
    remedy:
      `If the application writes there by search_path, open a history for each tenant: createBackstoryForTenants(dataSource, { tenants: [${listed(schemas.map((schema) => `'${schema}'`))}] }). ` +
      `If these tables are somebody else's, say which are yours: schema: '${first.table.schema}' of the DataSource or of @Entity().`,
  };
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 6).join(', ');
  return names.length > 6 ? `${shown} and ${names.length - 6} more` : shown;
}
