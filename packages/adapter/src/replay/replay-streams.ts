import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { upcastData } from '../upcasting/index.js';
import { endedUntracked, endedUntrackedSql } from './ended-untracked.js';
import { clearErased, foldErased } from './erased-values.js';
import { fold } from './fold.js';
import { lostStreams } from './lost-streams.js';
import type { ReplayedStream } from './replayed-stream.js';
import { stateOfSnapshot } from './snapshot-state.js';
import { parseStreamTail, type StreamTail, streamTailsSql, streamTailsUntilSql } from './stream-tail-sql.js';

/** How far to replay: to a position in each stream, or to a moment (the whole millisecond). Both bounds are inclusive. */
export interface ReplayUntil {
  readonly version?: number;
  readonly asOf?: Date;
}

/** Called with a stream that can't be replayed. Without one, the replay of all of them fails. */
export type OnUnreplayable = (streamId: string, error: unknown) => void;

/** The replayed states of many streams of one aggregate, with one query. Streams that aren't there are left out. */
export async function replayStreams(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  streamIds: readonly string[],
  { version, asOf }: ReplayUntil = {},
  onUnreplayable?: OnUnreplayable,
): Promise<Map<string, ReplayedStream>> {
  const toTheEnd = version === undefined && asOf === undefined;
  const ended = endedUntrackedSql(mapping, schema, 'id', version === undefined ? asOf && '$3' : undefined);
  const rows = await sql.execute<{ id: string; tail: string; ended: boolean }>(
    `select id, tail, ${ended} as ended from ${(toTheEnd ? streamTailsSql : streamTailsUntilSql)(mapping, schema)}`,
    toTheEnd ? [streamIds] : [streamIds, version ?? null, asOf ?? null],
  );
  const replayed = new Map<string, ReplayedStream>();
  for (const { id, tail, ended: hasEnded } of rows) {
    try {
      const stream = replayTail(mapping, id, parseStreamTail(mapping.category, id, tail));
      // at a version it is what its events say; such an end is behind the last of them
      const isEnd = hasEnded && (version === undefined || version > stream.position);
      replayed.set(id, isEnd ? endedUntracked(stream, mapping) : stream);
    } catch (error) {
      if (!onUnreplayable) throw error;
      onUnreplayable(id, error);
    }
  }
  if (toTheEnd || rows.length >= streamIds.length) return replayed;
  const found = new Set(rows.map(({ id }) => id));
  const others = streamIds.filter((id) => !found.has(id));
  for (const [id, error] of await lostStreams(sql, schema, mapping, others)) {
    if (!onUnreplayable) throw error;
    onUnreplayable(id, error);
  }
  return replayed;
}

/** Folds the events behind a snapshot, as the code of today knows them, onto it. */
export function replayTail(
  mapping: EntityMapping,
  streamId: string,
  { snapshot, events }: StreamTail,
): ReplayedStream {
  const current = events.map((event) => {
    // nothing of it comes into the state, so nothing about it can keep the stream from being replayed
    if (event.change === 'none') return event;
    const data = upcastData(mapping, event);
    // What an upcaster has returned may be the application's own; the fold makes the state of it.
    return data === event.data ? event : { ...event, data: { ...data } };
  });
  // first, because the fold makes the state of the data
  const erased = foldErased(mapping, events, current);
  const start = snapshot && { position: snapshot.position, state: stateOfSnapshot(snapshot.state) };
  const paths = mapping.parts.map(({ part }) => part.path);
  const { root, parts } = fold({ category: mapping.category, streamId }, current, paths, start);
  if (erased) clearErased(erased, root, parts);
  return {
    root,
    parts,
    ...(erased && { erased }),
    position: events.at(-1)?.streamPosition ?? snapshot?.position ?? 0,
    folded: events.length,
  };
}
