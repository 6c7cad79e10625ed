import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { type ReplayedStream, replayStreams } from './replay-streams.js';

/** Streams held in memory at a time. */
const pageSize = 500;

/**
 * The replayed streams of a whole category in the order of their ids, byte by byte, page by page: now, or as of a moment.
 * Each page sees what is committed when it is read. Streams that begin later are left out.
 * @throws ReplayError for the first stream that can't be replayed
 */
export async function* replayCategory(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  asOf?: Date,
): AsyncGenerator<ReadonlyMap<string, ReplayedStream>, void, undefined> {
  for (let after: string | undefined, more = true; more;) {
    // no default for the first page: a text key may be empty, and nothing comes before that
    const rows: { id: string }[] = await sql.execute(
      `select distinct e.stream_id as id from ${quoteIdentifier(schema)}.events e
       where e.category = $1 ${after === undefined ? '' : 'and e.stream_id > $2'} order by e.stream_id limit ${pageSize}`,
      after === undefined ? [mapping.category] : [mapping.category, after],
    );
    const ids = rows.map(({ id }) => id);
    const streams = await replayStreams(sql, schema, mapping, ids, asOf ? { asOf } : {});
    const inOrder = ids.flatMap((id) => {
      const stream = streams.get(id);
      return stream ? [[id, stream] as const] : [];
    });
    yield new Map(inOrder);
    after = ids.at(-1);
    more = ids.length === pageSize;
  }
}
