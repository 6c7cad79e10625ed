import { randomUUID } from 'node:crypto';
import type { EventData } from '../event/index.js';
import type { AggregateState } from './fold.js';

type Rows = [path: string, rows: [id: string, state: EventData][]][];

/** A state as JSON, parts in the order in which they came. A number that a double can't hold stays one. */
export function snapshotText({ root, parts }: AggregateState): string {
  const infinite = randomUUID();
  let any = false;
  const text = JSON.stringify(
    { root: root ?? null, parts: [...parts].map(([path, rows]) => [path, [...rows]]) },
    (_key, value: unknown) => {
      if (value !== Infinity && value !== -Infinity) return value;
      any = true;
      return value > 0 ? infinite : `-${infinite}`;
    },
  );
  // JSON.stringify would say null, where an event says 1e400
  return any ? text.replaceAll(`"${infinite}"`, '1e999').replaceAll(`"-${infinite}"`, '-1e999') : text;
}

/** The state that {@link snapshotText} has kept, for a fold to go on with. */
export function stateOfSnapshot(kept: unknown): AggregateState {
  const { root, parts } = kept as { root: EventData | null; parts: Rows };
  return {
    root: root ?? undefined,
    parts: new Map(parts.map(([path, rows]) => [path, new Map(rows)])),
  };
}
