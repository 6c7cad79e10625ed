import { ReplayError } from '../errors.js';
import { type EventData, type RecordedEvent, streamName } from '../event/index.js';

/** What the events of one stream come to. */
export interface AggregateState {
  /** Of the root itself; undefined when the stream is empty or the last change was a deletion. */
  readonly root: EventData | undefined;
  /** Of its parts, by path and id. */
  readonly parts: ReadonlyMap<string, ReadonlyMap<string, EventData>>;
}

/**
 * Folds a stream's events, in order and from its first, into the state after the last. What stands under one of the
 * paths of `parts` concerns parts, each by its id: an object adds or changes one, null takes it away.
 * @throws ReplayError when a position is missing
 */
export function fold(
  category: string,
  events: readonly Pick<RecordedEvent, 'streamId' | 'streamPosition' | 'change' | 'data'>[],
  paths: readonly string[] = [],
): AggregateState {
  let root: Record<string, unknown> | undefined;
  const parts = new Map(paths.map((path) => [path, new Map<string, Record<string, unknown>>()]));
  let expected = 1;
  for (const { streamId, streamPosition, change, data } of events) {
    if (streamPosition !== expected) {
      throw new ReplayError(
        streamName(category, streamId),
        `position ${expected} was expected and ${streamPosition} was found`,
      );
    }
    expected++;
    // Without a prototype a property may have any name, also __proto__.
    if (change === 'deleted') root = undefined;
    else if (change === 'created') root = Object.assign(Object.create(null), data) as typeof root;
    else if (root) Object.assign(root, data);
    for (const [path, states] of parts) {
      if (!Object.hasOwn(data, path)) continue;
      if (root) delete root[path];
      apply(states, data[path] as Record<string, EventData | null>);
    }
  }
  return { root, parts };
}

function apply(
  states: Map<string, Record<string, unknown>>,
  patches: Readonly<Record<string, EventData | null>>,
): void {
  for (const [id, patch] of Object.entries(patches)) {
    if (patch === null) states.delete(id);
    else
      states.set(id, Object.assign(states.get(id) ?? Object.create(null), patch) as Record<string, unknown>);
  }
}
