import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import type { ReplayedStream } from './replayed-stream.js';

/**
 * An expression for whether the stream with this id has ended without an event of its own, as `ended_untracked()` in the migrations
 * tells: now, or as of the moment in a parameter.
 */
export function endedUntrackedSql(
  { category }: Pick<EntityMapping, 'category'>,
  schema: string,
  id: string,
  asOf?: string,
): string {
  const name = quoteIdentifier(schema);
  const literal = quoteLiteral(category);
  // most streams have no end there: that is seen without a call
  return `(exists (select from ${name}.untracked_ends u where u.category = ${literal} and u.stream_id = ${id} collate "C")
    and ${name}.ended_untracked(${literal}, ${id}${asOf ? `, ${asOf}` : ''}))`;
}

/** What such a stream comes to: its last event is where it was, and there is nothing any more. */
export function endedUntracked({ position, folded }: ReplayedStream, mapping: EntityMapping): ReplayedStream {
  const parts = new Map(mapping.parts.map(({ part }) => [part.path, new Map()]));
  return { root: undefined, parts, position, folded };
}
