import type { SqlExecutor } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { replayTail } from './replay-streams.js';
import type { ReplayedStream } from './replayed-stream.js';
import { parseStreamTail, streamTailsOfVersionsSql } from './stream-tail-sql.js';

/**
 * The replayed states of many streams of one aggregate, each at a version of its own, with one query. Streams that aren't there, or
 * can't be replayed, are left out.
 */
export async function replayVersions(
  sql: SqlExecutor,
  schema: string,
  mapping: EntityMapping,
  versions: ReadonlyMap<string, number>,
): Promise<Map<string, ReplayedStream>> {
  if (versions.size === 0) return new Map();
  const rows = await sql.execute<{ id: string; tail: string }>(streamTailsOfVersionsSql(mapping, schema), [
    [...versions.keys()],
    [...versions.values()],
  ]);
  const replayed = new Map<string, ReplayedStream>();
  for (const { id, tail } of rows) {
    try {
      replayed.set(id, replayTail(mapping, id, parseStreamTail(mapping.category, id, tail)));
    } catch {
      // nothing is said of it
    }
  }
  return replayed;
}
