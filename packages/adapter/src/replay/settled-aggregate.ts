import type { EventData } from '../event/index.js';
import { type EntityMapping, settledState } from '../mapping/index.js';
import type { AggregateState } from './fold.js';

/** A replayed state as of today, with values as events have them and parts under their path and id; null where there is none. */
export function settledAggregate(
  mapping: EntityMapping,
  { root, parts }: Pick<AggregateState, 'root' | 'parts'>,
): EventData | null {
  if (!root) return null;
  const owned = mapping.parts.map((part) => {
    const rows = [...(parts.get(part.part.path) ?? [])];
    return [
      part.part.path,
      Object.fromEntries(rows.map(([id, row]) => [id, settledState(part, row)])),
    ] as const;
  });
  return { ...settledState(mapping, root), ...Object.fromEntries(owned) };
}
