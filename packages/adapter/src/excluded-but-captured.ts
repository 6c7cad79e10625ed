import { quoteIdentifier, type SqlExecutor } from './database/index.js';
import { type AggregateSelection, entityName } from './mapping/index.js';

/**
 * Entities that the options exclude and that are captured all the same, from before, in words. Capture isn't ended by itself:
 * another application on this database may want it.
 */
export async function excludedButCaptured(
  sql: SqlExecutor,
  schema: string,
  { exclude = [] }: AggregateSelection,
): Promise<string[]> {
  if (exclude.length === 0) return [];
  const rows = await sql.execute<{ category: string; entity: string }>(
    `select category, entity from ${quoteIdentifier(schema)}.aggregates
     where part = '' and fingerprint is not null and entity = any ($1::text[])`,
    [exclude.map(entityName)],
  );
  return rows.map(
    ({ category, entity }) =>
      `"${entity}" is excluded, but it is captured since an earlier release. Run "npx backstory stage ${category} off" to end that.`,
  );
}
