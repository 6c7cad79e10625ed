import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { endedUntracked, endedUntrackedSql } from './ended-untracked.js';
import type { KeptStream, ReplayCache } from './replay-cache.js';
import { type OnUnreplayable, replayTail } from './replay-streams.js';
import type { ReplayedStream } from './replayed-stream.js';
import { parseStreamTail, streamTailsUnlessSql } from './stream-tail-sql.js';

interface TailUnless {
  readonly id: string;
  readonly end: string | null;
  readonly tail: string | null;
  readonly ended: boolean;
}

/**
 * The replayed states of many streams to their ends: what is kept of those whose end is known, and for all others one query, which reads
 * the events of those that are not kept as they are by then. What was read is kept.
 * @param wanted the streams' ids, with the end of each where the query that has found them tells it
 */
export async function replayKeptStreams(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  wanted: ReadonlyMap<string, string | undefined>,
  cache: ReplayCache,
  onUnreplayable?: OnUnreplayable,
): Promise<Map<string, ReplayedStream>> {
  const replayed = new Map<string, ReplayedStream>();
  /** What there was of the others when they were asked for: it may be pushed out meanwhile. */
  const others = new Map<string, KeptStream | undefined>();
  for (const [id, end] of wanted) {
    const found = cache.find(mapping, id, end);
    if (found) replayed.set(id, found);
    else others.set(id, cache.of(mapping, id));
  }
  let found = replayed.size;
  if (others.size > 0) {
    const ends = [...others.values()].map((kept) => kept?.end ?? null);
    const rows = await sql.execute<TailUnless>(
      `select id, stream_end as end, tail, ${endedUntrackedSql(mapping, schema, 'id')} as ended from ${streamTailsUnlessSql(mapping, schema)}`,
      [[...others.keys()], ends],
    );
    for (const { id, end, tail, ended } of rows) {
      const kept = others.get(id);
      if (tail === null && kept) {
        found++;
        const stream = cache.find(mapping, id, kept.end) ?? kept.stream;
        replayed.set(id, ended ? endedUntracked(stream, mapping) : stream);
      } else if (tail !== null && ended) {
        // not kept: whoever has deleted the row may take that back, and the last event is the same
        const stream = replayAndKeep(mapping, id, tail, end, undefined, onUnreplayable);
        if (stream) replayed.set(id, endedUntracked(stream, mapping));
      } else if (tail !== null) {
        const stream = replayAndKeep(mapping, id, tail, end, cache, onUnreplayable);
        if (stream) replayed.set(id, stream);
      }
    }
  }
  cache.note(mapping, wanted.size, found);
  return replayed;
}

/** Folds what was read of one stream, and keeps it if its end is known. Undefined where it can't be replayed. */
export function replayAndKeep(
  mapping: EntityMapping,
  streamId: string,
  tail: string,
  end: string | null | undefined,
  cache: ReplayCache | undefined,
  onUnreplayable?: OnUnreplayable,
): ReplayedStream | undefined {
  try {
    const stream = replayTail(mapping, streamId, parseStreamTail(mapping.category, streamId, tail));
    return cache && typeof end === 'string' ? cache.keep(mapping, streamId, end, stream) : stream;
  } catch (error) {
    if (!onUnreplayable) throw error;
    onUnreplayable(streamId, error);
    return undefined;
  }
}
