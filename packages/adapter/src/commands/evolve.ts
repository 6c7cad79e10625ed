import type { NamedEvent, NewEvent } from '../appending/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { eventInstance } from '../event/index.js';
import { appliedEvents } from '../replay/index.js';
import { handlerOf, isAggregateRoot } from './aggregate-root.js';
import { ended } from './ended.js';

/** What one event does to an entity: the next entity, which may be the same one. */
type Evolver = (entity: object, event: NewEvent) => unknown;

/**
 * Lets an event of a command change an entity: by the method of its class that is for the event, or by what the aggregate's options say.
 * @returns the entity after the event, or `ended` where there is none any more
 * @throws BackstoryError COMMAND_REFUSED where nothing is said of the event, or what is said gives no entity; what the application throws
 */
export function evolve(
  knownAs: string,
  evolvers: object | undefined,
  entity: object,
  type: string,
  event: NewEvent,
): object | typeof ended {
  const evolver = evolverOf(knownAs, evolvers, entity, type, event);
  if (!evolver) {
    throw new BackstoryError(
      'COMMAND_REFUSED',
      `Nothing says what ${type} does to "${knownAs}".`,
      isAggregateRoot(entity)
        ? `Give it a method on${type}(event) that changes it, or one that is empty for an event that changes nothing. The evolve of the aggregate's options, and @Applies(${type}), do the same.`
        : `Say it in the aggregate's options, evolve: { ${type}: (entity, event) => … }, or by a method with @Applies(${type}) of the entity. Of an event that changes nothing: ${type}: (entity) => entity.`,
    );
  }
  const next = evolver(entity, event);
  if (next === undefined) return entity;
  if (next === ended) return ended;
  if (typeof next === 'object' && next !== null && !(next instanceof Promise)) return next;
  // nobody else will look at it, and a rejection that nobody sees ends the process
  if (next instanceof Promise) next.catch(() => undefined);
  throw new BackstoryError(
    'COMMAND_REFUSED',
    `What says what ${type} does to "${knownAs}" returns ${next instanceof Promise ? 'a promise' : 'no entity'}.`,
    'Let it change the entity that it gets, or return the next one; or ended, where the event ends it. What it needs beside the event belongs into the event.',
  );
}

function evolverOf(
  knownAs: string,
  evolvers: object | undefined,
  entity: object,
  type: string,
  event: NewEvent,
): Evolver | undefined {
  const ofEntity = appliedEvents(entity).get(type);
  const ofOptions = evolvers && evolverOfOptions(knownAs, evolvers, type);
  const ofRoot = isAggregateRoot(entity) ? handlerOf(entity, type, event) : undefined;
  const isSameMethod =
    ofEntity !== undefined && (entity as Record<string | symbol, unknown>)[ofEntity.method] === ofRoot;
  const said = [
    ...(ofEntity ? [`by the method ${String(ofEntity.method)} of the entity`] : []),
    ...(typeof ofRoot === 'function' && !isSameMethod ? [`by its method on${type}`] : []),
    ...(ofOptions ? ['in the options'] : []),
  ];
  if (said.length > 1) {
    throw new InvalidOptionsError(
      `What ${type} does to "${knownAs}" is said twice: ${said.join(', and ')}.`,
      'Say it in one place.',
    );
  }
  if (ofEntity)
    return (self, given) => methodOf(self, ofEntity.method).call(self, eventOf(ofEntity.eventClass, given));
  if (typeof ofRoot !== 'function') return ofOptions;
  // the root changes itself, and what its method returns beside an end means nothing
  return (self, given) =>
    (ofRoot as (event: unknown) => unknown).call(self, dataOf(given)) === ended ? ended : undefined;
}

function evolverOfOptions(knownAs: string, evolvers: object, type: string): Evolver | undefined {
  const applied = appliedEvents(evolvers);
  if (applied.size > 0) {
    const found = applied.get(type);
    return (
      found &&
      ((entity, event) =>
        methodOf(evolvers, found.method).call(evolvers, entity, eventOf(found.eventClass, event)))
    );
  }
  if (!Object.hasOwn(evolvers, type)) return undefined;
  const evolver = (evolvers as Record<string, unknown>)[type];
  if (typeof evolver === 'function')
    return (entity, event) => (evolver as (entity: object, event: unknown) => unknown)(entity, dataOf(event));
  throw new InvalidOptionsError(
    `"evolve" of "${knownAs}" has no function for ${type}.`,
    'Give one: (entity, event) => …',
  );
}

function methodOf(object: object, name: string | symbol): (...args: unknown[]) => unknown {
  return (object as Record<string | symbol, (...args: unknown[]) => unknown>)[name] as never;
}

/** As an instance of the class that the method names. */
function eventOf(eventClass: (new () => object) | undefined, event: NewEvent): unknown {
  if (!eventClass || event instanceof eventClass) return dataOf(event);
  return eventInstance(eventClass, { data: dataOf(event) as Record<string, unknown> });
}

/** What decide has returned: the instance, or the data of an event that is given by its name. */
function dataOf(event: NewEvent): unknown {
  return [Object.prototype, null].includes(Object.getPrototypeOf(event) as object | null)
    ? ((event as NamedEvent).data ?? {})
    : event;
}
