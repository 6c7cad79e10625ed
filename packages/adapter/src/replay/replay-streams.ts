import type { SqlExecutor } from '../database/index.js';
import { readStreams } from '../event-store/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { type AggregateState, fold } from './fold.js';

/** The replayed states of many streams of one aggregate, with one query. Streams that aren't there are left out. */
export async function replayStreams(
  sql: SqlExecutor,
  schema: string,
  { category, parts }: EntityMapping,
  streamIds: readonly string[],
  until: { asOf?: Date } = {},
): Promise<Map<string, AggregateState>> {
  const paths = parts.map(({ part }) => part.path);
  const streams = await readStreams(sql, schema, category, streamIds, until);
  return new Map([...streams].map(([id, events]) => [id, fold(category, events, paths)]));
}
