import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { type EntityMapping, rowsOfStreamsSql, streamIdSql } from '../mapping/index.js';
import { refuseIds } from './refuse-ids.js';
import { ofStreams } from './verify-scope.js';

/**
 * An id that no row and no event has is a slip, and of it everything could be said.
 * @throws BackstoryError AGGREGATE_NOT_FOUND, which names those that are nowhere
 */
export async function refuseUnknownStreams(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  streamIds: readonly string[],
): Promise<void> {
  const known = (table: string): string =>
    `select stream_id from ${quoteIdentifier(schema)}.${table} where category = $2 and stream_id = any ($1::text[])`;
  const found = sql.execute<{ id: string }>(
    `select id from unnest($1::text[]) id where id not in (
       ${known('events')} union all ${known('archived_streams')} union all
       select ${streamIdSql(root, 't')} from ${quoteTable(root.table)} t where ${rowsOfStreamsSql(root, 't', '$1')})`,
    [streamIds, root.category],
  );
  const nowhere = await found.catch(refuseIds(root, ofStreams(streamIds)));
  if (nowhere.length === 0) return;
  throw new BackstoryError(
    'AGGREGATE_NOT_FOUND',
    `No row and no event of "${root.category}" has the id ${nowhere.map(({ id }) => JSON.stringify(id)).join(', ')}.`,
    'Give ids in the form that events have them: 42, or room:7 for a key of two columns.',
  );
}
