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
  for (let after: string | undefined, more = true; more;) {
    // no default for the first page: a text key may be empty, and nothing comes before that
    const behind = after === undefined ? '' : `and e.stream_id > $${first.length + 1}`;
    const rows: { id: string; tail: string | null }[] = await sql.execute(
      `select i.id, ${tail} as tail
       from (select distinct e.stream_id as id from ${quoteIdentifier(schema)}.events e
             where e.category = $1 ${behind} order by e.stream_id limit ${pageSize}) i
       order by i.id`,
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
