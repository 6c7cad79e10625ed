import { type NewEvent, newEvents } from '../appending/index.js';
import type { Decide } from '../commands/index.js';
import { BackstoryError } from '../errors.js';
import { decidedInDatabase } from './decided-in-database.js';
import { decidedInMemory } from './decided-in-memory.js';
import type { Decided, EntityClass, SpecificationOptions } from './specification-options.js';
import { requireError, requireEvents } from './require-outcome.js';

/** What has happened to an entity so far. */
export interface Specification<Entity extends object> {
  /**
   * @param events - what the entity has come to be by, oldest first: instances of event classes, or `{ type, data }`. None for one that is to be created
   */
  given(...events: readonly NewEvent[]): Given<Entity>;
}

export interface Given<Entity extends object> {
  /** @param decide - the command, as `handle` and `create` take it; with an entity that isn't there yet it gets nothing */
  when(decide: Decide<Entity>): When;
}

export interface When {
  /**
   * Says what comes of the command. To be awaited.
   * @param expected - the events in their order, with all that they say; or a class of an error, or an error with its message. Nothing for no event
   * @throws AssertionError that shows the difference; the error of the command, where events are expected
   */
  then(...expected: readonly unknown[]): Promise<void>;
}

/**
 * Tests of commands in three steps, `given(events).when(command).then(events or error)`: without a database in milliseconds, by nothing but the
 * entity's class and its `evolve`; or with `backstory`, the same against a real one, where defaults, triggers and constraints have their say.
 * For whatever test runner there is: a difference is an `AssertionError`.
 * @throws BackstoryError COMMAND_REFUSED, from `then`, where nothing says what an event does, or `decide` has changed its argument
 * @example
 * const order = specificationOf(Order, { evolve: orderEvolution });
 * await order.given(new OrderPlaced('12.00')).when(ship('1Z999')).then(new OrderShipped('1Z999'));
 * await order.given().when(ship('1Z999')).then(OrderNotPlaced);
 */
export function specificationOf<Entity extends object>(
  entity: EntityClass<Entity>,
  options: SpecificationOptions<Entity> = {},
): Specification<Entity> {
  const { backstory, evolve, id } = options;
  const decided = (given: readonly NewEvent[], decide: Decide<Entity>): Promise<readonly Decided[]> =>
    backstory
      ? decidedInDatabase(backstory, entity, id, given, decide)
      : decidedInMemory(entity, evolve, given, decide);
  return {
    given: (...events) => ({
      when: (decide) => ({ then: (...expected) => check(() => decided(events, decide), expected) }),
    }),
  };
}

async function check(
  decided: () => Promise<readonly Decided[]>,
  expected: readonly unknown[],
): Promise<void> {
  const [first, second] = expected;
  if (typeof first === 'function' && !isErrorClass(first)) {
    const error = new BackstoryError(
      'INVALID_OPTIONS',
      'when() was awaited, and nothing says what comes of the command.',
      'Call then(…) with events, with an error, or with nothing for no event.',
    );
    if (typeof second === 'function') return (second as (error: unknown) => void)(error);
    throw error;
  }
  const outcome = await decided().then(
    (events) => ({ events }),
    (error: unknown) => ({ error }),
  );
  if (isErrorClass(first) || first instanceof Error) return requireError(first, outcome);
  if ('error' in outcome) throw outcome.error;
  requireEvents(expected.length === 0 ? [] : newEvents(expected), outcome.events);
}

function isErrorClass(expected: unknown): expected is new (...args: never[]) => Error {
  return typeof expected === 'function' && (expected === Error || expected.prototype instanceof Error);
}
