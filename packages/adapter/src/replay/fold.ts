import { type EventData, ownData, type UpcastableEvent } from '../event/index.js';
import type { ErasedValues } from './erased-values.js';
import { beginsAnew, type FoldedStream, isNext, refuseEvent } from './refuse-event.js';

/** What the events of one stream come to. */
export interface AggregateState {
  /** Of the root itself; undefined when the stream is empty or the last change was a deletion. */
  readonly root: EventData | undefined;
  /** Of its parts, by path and id. */
  readonly parts: ReadonlyMap<string, ReadonlyMap<string, EventData>>;
  /** What of it was erased, and is null for that; undefined where nothing is. */
  readonly erased?: ErasedValues | undefined;
}

type FoldableEvent = Pick<UpcastableEvent, 'streamId' | 'streamPosition' | 'change' | 'data'>;

/** Where a fold begins: at the state after a position, which the fold may change. */
export interface FoldStart {
  readonly position: number;
  readonly state: AggregateState;
}

/**
 * Folds a stream's events, in order and from its first or behind `start`, into the state after the last. Where the first that
 * there is creates or deletes, nothing depends on those that are archived. What stands
 * under one of the paths of `parts` concerns parts, each by its id: an object adds or changes one, null takes it away.
 * The events' data becomes the state, without a copy, which would take longer than the rest: give data that is nobody else's.
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
    if (!isNext(stream, event, expected)) {
      if (!beginsAnew(stream, event, expected, events)) refuseEvent(stream, event, expected);
      expected = event.streamPosition;
      root = undefined;
      for (const states of parts.values()) states.clear();
    }
    if (change === 'none') continue;
    if (change === 'updated') {
      if (root) assign(root, data);
    } else if (change === 'created') root = data;
    else if (change === 'deleted') root = undefined;
    else refuseEvent(stream, event, expected, `has an unknown change "${String(change)}"`);
    if (root && Object.hasOwn(root, ownData)) delete root[ownData];
    for (const [path, states] of parts) {
      if (!Object.hasOwn(data, path)) continue;
      const patches = data[path] as Record<string, EventData | null>;
      if (root) delete root[path];
      apply(states, patches);
    }
  }
  return { root, parts };
}

function apply(
  states: Map<string, Record<string, unknown>>,
  patches: Readonly<Record<string, EventData | null>>,
): void {
  for (const [id, patch] of Object.entries(patches)) {
    const state = states.get(id);
    if (patch === null) states.delete(id);
    else if (state) assign(state, patch);
    else states.set(id, patch);
  }
}

/** A property may have any name, also `__proto__`, which an assignment would take for the prototype. */
function assign(state: Record<string, unknown>, patch: EventData): void {
  if (!Object.hasOwn(patch, '__proto__')) {
    Object.assign(state, patch);
    return;
  }
  for (const [name, value] of Object.entries(patch)) {
    Object.defineProperty(state, name, { value, writable: true, enumerable: true, configurable: true });
  }
}
