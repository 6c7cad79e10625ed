import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { type AggregateSelection, entityName } from '../mapping/index.js';

/**
 * Entities that the options exclude and that are captured all the same, from before, in words; undefined where there are none. Capture isn't ended by itself:
 * another application on this database may want it.
 */
export async function excludedButCaptured(
  sql: SqlExecutor,
  schema: string,
  { exclude = [] }: AggregateSelection,
): Promise<string | undefined> {
  if (exclude.length === 0) return undefined;
  const rows = await sql.execute<{ category: string; entity: string }>(
    `select category, entity from ${quoteIdentifier(schema)}.aggregates
     where part = '' and fingerprint is not null and entity = any ($1::text[])
     order by category`,
    [exclude.map(entityName)],
  );
  if (rows.length === 0) return undefined;
  const entities = rows.map(({ entity }) => `"${entity}"`).join(', ');
  const [is, it] = rows.length === 1 ? ['is', 'it is'] : ['are', 'they are'];
  return (
    `${entities} ${is} excluded, but ${it} captured since an earlier release. ` +
    `Run "npx backstory stage ${rows.map(({ category }) => category).join(' ')} off" to end that.`
  );
}
