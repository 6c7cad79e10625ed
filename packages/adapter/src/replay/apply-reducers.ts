import { ReplayError } from '../errors.js';
import { type RecordedEvent, streamName } from '../event/index.js';
import { type ReducerOfRecorded } from './reducers.js';
import { beginsAnew, type FoldedStream, isNext, refuseEvent } from './refuse-event.js';

/** Where a replay into a state of the user's own begins, and what it does with other events. */
export interface ReducerOptions<State> {
  /** The state before the first event. Reducers that change it, instead of returning another, change it for all replays. */
  initial: State;
  /**
   * What becomes of an event that no reducer is for. `refuse` fails the replay, so that a new event type can't be forgotten;
   * `ignore` suits states that few events concern.
   * @defaultValue 'ignore'
   */
  unhandled?: 'ignore' | 'refuse';
}

/** What a replay into a state of the user's own came to. */
export interface ReducedState<State> {
  readonly state: State;
  /** Of the last event, whether or not a reducer is for it; 0 for a stream that isn't there. */
  readonly position: number;
}

/**
 * Folds a stream's events, in order and from its first, with the reducer of each event's type.
 * @throws ReplayError when a position is missing or an event is of another stream, when a reducer fails (with its error as
 * `cause`) or returns no state, and for an event without reducer where these are refused
 */
export function applyReducers<State>(
  stream: FoldedStream,
  events: readonly RecordedEvent[],
  reducers: ReadonlyMap<string, ReducerOfRecorded>,
  { initial, unhandled = 'ignore' }: ReducerOptions<State>,
): ReducedState<State> {
  let state: unknown = initial;
  let position = 0;
  for (const event of events) {
    position++;
    if (!isNext(stream, event, position)) {
      if (!beginsAnew(stream, event, position, events)) refuseEvent(stream, event, position);
      position = event.streamPosition;
    }
    const reducer = reducers.get(event.type);
    if (reducer) state = reduced(stream, reducer, state, event);
    else if (unhandled === 'refuse') {
      throw problem(
        stream,
        event,
        'has no reducer',
        `Give one, or ignore such events with unhandled: 'ignore'.`,
      );
    }
  }
  return { state: state as State, position };
}

function reduced(
  stream: FoldedStream,
  reducer: ReducerOfRecorded,
  before: unknown,
  event: RecordedEvent,
): unknown {
  let state: unknown;
  try {
    state = reducer(before, event);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw problem(
      stream,
      event,
      `can't be applied: its reducer fails (${what})`,
      'The error of the reducer is the cause of this one. "npx backstory history" shows the event.',
      { cause: error },
    );
  }
  if (state === undefined) {
    throw problem(
      stream,
      event,
      "can't be applied: its reducer returns nothing",
      'Return the state, or null for none.',
    );
  }
  if (state instanceof Promise) {
    // nobody else will look at it, and a rejection that nobody sees ends the process
    state.catch(() => undefined);
    throw problem(
      stream,
      event,
      "can't be applied: its reducer returns a promise",
      'Return the state itself: what a reducer needs beside the event belongs into the event.',
    );
  }
  return state;
}

function problem(
  { category, streamId }: FoldedStream,
  { streamPosition, type }: RecordedEvent,
  what: string,
  remedy: string,
  options?: { cause: unknown },
): ReplayError {
  return new ReplayError(
    streamName(category, streamId),
    `the event ${type} at position ${streamPosition} ${what}`,
    remedy,
    options,
  );
}
