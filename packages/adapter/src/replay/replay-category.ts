import type { SqlExecutor } from '../database/index.js';
import { streamIdsBehind, streamsAtATime } from '../event-store/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { replayStreams } from './replay-streams.js';
import type { ReplayedStream } from './replayed-stream.js';

/** Streams looked up at a time; of those with many or large events fewer are in memory together. */
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
    const ids: string[] = await streamIdsBehind(sql, schema, mapping.category, after, pageSize);
    for (const some of await streamsAtATime(sql, schema, mapping.category, ids)) {
      const streams = await replayStreams(sql, schema, mapping, some, asOf ? { asOf } : {});
      const inOrder = some.flatMap((id) => {
        const stream = streams.get(id);
        return stream ? [[id, stream] as const] : [];
      });
      yield new Map(inOrder);
    }
    after = ids.at(-1);
    more = ids.length === pageSize;
  }
}
