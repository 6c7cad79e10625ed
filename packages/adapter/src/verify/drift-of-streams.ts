import { pinSettings, type SqlExecutor } from '../database/index.js';
import type { Drift } from '../drift/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { compare } from './compare.js';
import { firstEventsDue } from './first-events-due.js';
import { ofStreams } from './verify-scope.js';

/** How some streams of an aggregate differ from their rows just now. Records nothing. */
export async function driftOfStreams(
  sql: SqlExecutor,
  schema: string,
  root: EntityMapping,
  streamIds: readonly string[],
): Promise<Drift[]> {
  if (streamIds.length === 0) return [];
  await pinSettings(sql);
  const { others } = await firstEventsDue(sql, schema, root, ofStreams(streamIds));
  const found: Drift[] = [];
  for (const mapping of [root, ...root.parts]) {
    const { drift } = await compare(sql, schema, mapping, others, 1_000);
    found.push(...drift);
  }
  return found;
}
