import { InvalidOptionsError } from '../errors.js';
import { eventInstance, type RecordedEvent } from '../event/index.js';
import { appliedEvents } from './applies.decorator.js';

/**
 * What an event makes of a state: the next state, or the same. Synchronous, and it always returns one; null is the state
 * of what isn't there.
 */
export type Reducer<State, Event = RecordedEvent> = (
  state: State,
  event: Event,
  recorded: RecordedEvent,
) => State;

/** Reducers by event type: functions under the type's name. */
export type Reducers<State> = Readonly<Record<string, Reducer<State>>>;

/** An instance of a class whose methods say with `Applies` which event they are for. A map of functions isn't one. */
export type ReducingObject<Instance> = Instance extends Readonly<Record<string, unknown>> ? never : Instance;

/** A reducer that has made its event of the recorded one. */
export type ReducerOfRecorded = (state: unknown, recorded: RecordedEvent) => unknown;

/**
 * The reducers by the event type that they are for.
 * @throws InvalidOptionsError when there are none, or one is no function
 */
export function reducersByType(reducers: object): ReadonlyMap<string, ReducerOfRecorded> {
  if (typeof reducers === 'function') {
    throw new InvalidOptionsError(
      `The reducers are given as the class ${(reducers as { name: string }).name}.`,
      'Pass an instance of it.',
    );
  }
  const applied = appliedEvents(reducers);
  const found = applied.size > 0 ? ofMethods(reducers, applied) : ofFunctions(reducers);
  if (found.size > 0) return found;
  throw new InvalidOptionsError(
    'There are no reducers.',
    'Give functions by event type, or an instance of a class with methods that are decorated with @Applies.',
  );
}

function ofMethods(
  instance: object,
  applied: ReturnType<typeof appliedEvents>,
): Map<string, ReducerOfRecorded> {
  const found = new Map<string, ReducerOfRecorded>();
  for (const [type, { method, eventClass }] of applied) {
    found.set(type, (state, recorded) => {
      const event = eventClass ? eventInstance(eventClass, recorded) : recorded;
      const reducer = (instance as Record<string | symbol, Reducer<unknown, unknown>>)[method];
      return reducer?.call(instance, state, event, recorded);
    });
  }
  return found;
}

/** Own properties only, so that no event type, whatever its name, finds a function of Object. */
function ofFunctions(functions: object): Map<string, ReducerOfRecorded> {
  const found = new Map<string, ReducerOfRecorded>();
  for (const [type, reducer] of Object.entries(functions) as [string, unknown][]) {
    if (typeof reducer !== 'function') {
      throw new InvalidOptionsError(
        `The reducer of "${type}" is no function.`,
        'Give one: (state, event) => state.',
      );
    }
    found.set(type, (state, recorded) => (reducer as Reducer<unknown>)(state, recorded, recorded));
  }
  return found;
}
