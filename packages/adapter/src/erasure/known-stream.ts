import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { streamName } from '../event/index.js';
import { canonicalIdSql, type EntityMapping, rowsOfStreamsSql } from '../mapping/index.js';
import { ofStreams, refuseIds } from '../verify/index.js';

/**
 * The stream that an id means, as its events have it: `042` is `42` where the key is a number. Undefined for one that no event
 * and no row has.
 * @throws InvalidOptionsError for what can't be an id of it
 */
export async function knownStream(
  sql: SqlExecutor,
  schema: string,
  root: Pick<EntityMapping, 'category'> | EntityMapping,
  id: string,
): Promise<string | undefined> {
  if (await hasEvents(sql, schema, root.category, id)) return id;
  if (!('key' in root) || root.gone) return undefined;
  const [found] = await sql
    .execute<{ id: string; row: boolean }>(
      `select ${canonicalIdSql(root, '$1')} as id, exists (
         select from ${quoteTable(root.table)} t where ${rowsOfStreamsSql(root, 't', 'array[$1]')}) as row`,
      [id],
    )
    .catch(refuseIds(root, ofStreams([id])));
  if (!found) return undefined;
  return found.row || (await hasEvents(sql, schema, root.category, found.id)) ? found.id : undefined;
}

/** @throws BackstoryError AGGREGATE_NOT_FOUND for one that no event and no row has: nothing would be said of it by "nothing to erase" */
export async function requireKnownStream(
  sql: SqlExecutor,
  schema: string,
  root: Pick<EntityMapping, 'category' | 'knownAs'> | EntityMapping,
  id: string,
): Promise<string> {
  const known = await knownStream(sql, schema, root, id);
  if (known !== undefined) return known;
  throw new BackstoryError(
    'AGGREGATE_NOT_FOUND',
    `There is no "${streamName(root.knownAs, id)}": no event has that id, and no row.`,
    'Give the id in the form that events have it: 42, or room:7 for a key of two columns. "npx backstory history" shows them.',
  );
}

async function hasEvents(sql: SqlExecutor, schema: string, category: string, id: string): Promise<boolean> {
  const name = quoteIdentifier(schema);
  const [found] = await sql.execute(
    `select from ${name}.events where category = $1 and stream_id = $2
     union all select from ${name}.archived_events where category = $1 and stream_id = $2 limit 1`,
    [category, id],
  );
  return found !== undefined;
}
