import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { type ReplayedStream, replayTail } from './replay-streams.js';
import { parseStreamTail, streamTailSql } from './stream-tail-sql.js';

/** Streams held in memory at a time. */
const pageSize = 500;

/**
 * The replayed streams of a whole category in the order of their ids, byte by byte, in pages of which each is one query:
 * now, or as of a moment. Each page sees what is committed when it is read. Streams that begin later are left out.
 * @throws ReplayError for the first stream that can't be replayed
 */
export async function* replayCategory(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  asOf?: Date,
): AsyncGenerator<ReadonlyMap<string, ReplayedStream>, void, undefined> {
  const tail = streamTailSql(mapping, schema, 'i.id', asOf && { asOf: '$2::timestamptz' });
  const first = [mapping.category, ...(asOf ? [asOf] : [])];
  const nextId = (condition = ''): string =>
    `select e.stream_id from ${quoteIdentifier(schema)}.events e
     where e.category = $1 ${condition} order by e.stream_id limit 1`;
  for (let after: string | undefined, more = true; more;) {
    // no default for the first page: a text key may be empty, and nothing comes before that
    const behind = after === undefined ? '' : `and e.stream_id > $${first.length + 1}`;
    // One probe of the index for each id, however long the streams are. With "distinct … limit" a table without statistics
    // is read to its end for every page.
    const rows: { id: string; tail: string | null }[] = await sql.execute(
      `with recursive ids (id, nth) as (
         select (${nextId(behind)}), 1
         union all
         select (${nextId('and e.stream_id > p.id')}), p.nth + 1 from ids p
         where p.id is not null and p.nth < ${pageSize}
       )
       select i.id, ${tail} as tail from ids i where i.id is not null order by i.nth`,
      after === undefined ? first : [...first, after],
    );
    const page = new Map<string, ReplayedStream>();
    for (const row of rows) {
      if (row.tail === null) continue;
      page.set(row.id, replayTail(mapping, row.id, parseStreamTail(mapping.category, row.id, row.tail)));
    }
    yield page;
    after = rows.at(-1)?.id;
    more = rows.length === pageSize;
  }
}
