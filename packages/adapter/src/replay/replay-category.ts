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
  const nextId = (condition: string): string =>
    `select e.stream_id from ${quoteIdentifier(schema)}.events e
     where e.category = $1 ${condition} order by e.stream_id limit 1`;
  for (let after: string | undefined, more = true; more;) {
    // One probe of the index for each id, however long the streams are: with "distinct … limit" a table without statistics
    // is read to its end for every page. No default for the first page: a text key may be empty, and nothing is before that.
    const rows: { id: string }[] = await sql.execute(
      `with recursive ids (id, nth) as (
         select (${nextId(after === undefined ? '' : 'and e.stream_id > $2')}), 1
         union all
         select (${nextId('and e.stream_id > p.id')}), p.nth + 1 from ids p
         where p.id is not null and p.nth < ${pageSize}
       )
       select i.id from ids i where i.id is not null order by i.nth`,
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
