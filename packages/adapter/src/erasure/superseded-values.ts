import { ownData, type ValuePath, valuesOf } from '../event/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { traceValues, upcastData } from '../upcasting/index.js';
import type { StoredEvent } from './stored-events.js';

/**
 * Tells of a value in an event whether it is the past: its stream has ended, or a later event says something else of it. What is
 * archived and what stands for it are two histories, which end in the same state.
 */
export function supersededValues(
  root: EntityMapping,
  events: readonly StoredEvent[],
): (event: StoredEvent, path: ValuePath) => boolean {
  const log = events.filter(({ archived }) => !archived);
  const told = latest(
    root,
    events.filter(({ standIn }) => !standIn),
  );
  const standing = latest(root, log);
  const ended =
    events.some(({ endedUntracked }) => endedUntracked) ||
    log.filter(({ change }) => change === 'created' || change === 'deleted').at(-1)?.change === 'deleted';
  return (event, path) => {
    // what was appended is no state
    if (ended || event.change === 'none' || path[0] === ownData) return true;
    const { said, gone, begun } = event.standIn ? standing : told;
    const position = event.streamPosition;
    return traceValues(root, event, [path]).every(
      (today) =>
        (said.get(JSON.stringify(today)) ?? 0) > position ||
        (today.length === 1 ? begun : (gone.get(JSON.stringify(today.slice(0, 2))) ?? 0)) > position,
    );
  };
}

interface Latest {
  /** Position of the last event that says something of each value. */
  readonly said: ReadonlyMap<string, number>;
  /** Of the last that takes each part away. */
  readonly gone: ReadonlyMap<string, number>;
  /** Of the last creation or deletion. */
  readonly begun: number;
}

function latest(root: EntityMapping, events: readonly StoredEvent[]): Latest {
  const paths = root.parts.map(({ part }) => part.path);
  const said = new Map<string, number>();
  const gone = new Map<string, number>();
  let begun = 0;
  for (const event of events) {
    const { streamPosition, change } = event;
    if (change === 'none') continue;
    const data = upcastData(root, event);
    if (change !== 'updated') begun = streamPosition;
    for (const [path] of valuesOf(data, paths)) said.set(JSON.stringify(path), streamPosition);
    for (const path of paths.filter((each) => Object.hasOwn(data, each))) {
      for (const [id, patch] of Object.entries(data[path] as object))
        if (patch === null) gone.set(JSON.stringify([path, id]), streamPosition);
    }
  }
  return { said, gone, begun };
}
