import type { EventData, UpcastableEvent } from '../event/index.js';
import { type FoldedStream, isNext, refuseEvent } from './refuse-event.js';

/** What the events of one stream come to. */
export interface AggregateState {
  /** Of the root itself; undefined when the stream is empty or the last change was a deletion. */
  readonly root: EventData | undefined;
  /** Of its parts, by path and id. */
  readonly parts: ReadonlyMap<string, ReadonlyMap<string, EventData>>;
}

type FoldableEvent = Pick<UpcastableEvent, 'streamId' | 'streamPosition' | 'change' | 'data'>;

/** Where a fold begins: at the state after a position, which the fold may change. */
export interface FoldStart {
  readonly position: number;
  readonly state: AggregateState;
}

/**
 * Folds a stream's events, in order and from its first or behind `start`, into the state after the last. What stands
 * under one of the paths of `parts` concerns parts, each by its id: an object adds or changes one, null takes it away.
 * @throws ReplayError when a position is missing, or an event is of another stream or none that can be folded
 */
export function fold(
  stream: FoldedStream,
  events: readonly FoldableEvent[],
  paths: readonly string[] = [],
  start?: FoldStart,
): AggregateState {
  let root: Record<string, unknown> | undefined = start?.state.root;
  const parts = new Map(
    paths.map((path) => [
      path,
      (start?.state.parts.get(path) ?? new Map()) as Map<string, Record<string, unknown>>,
    ]),
  );
  let expected = start?.position ?? 0;
  for (const event of events) {
    const { change, data } = event;
    expected++;
    if (!isNext(stream, event, expected)) refuseEvent(stream, event, expected);
    // Without a prototype a property may have any name, also __proto__.
    if (change === 'updated') {
      if (root) Object.assign(root, data);
    } else if (change === 'created') root = Object.assign(Object.create(null), data) as typeof root;
    else if (change === 'deleted') root = undefined;
    else refuseEvent(stream, event, expected, `has an unknown change "${String(change)}"`);
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
