import { isDeepStrictEqual } from 'node:util';
import { type NewEvent, newEvents } from '../appending/index.js';
import {
  changedBesideEvents,
  changedByDecide,
  type Decide,
  decidedEvents,
  ended,
  evolve,
  withoutPublishing,
} from '../commands/index.js';
import { BackstoryError } from '../errors.js';
import type { Decided, EntityClass } from './specification-options.js';

/** What a command comes to on an entity that is made of events, each by its evolve. */
export async function decidedInMemory<Entity extends object>(
  entityClass: EntityClass<Entity>,
  evolvers: object | undefined,
  given: readonly NewEvent[],
  decide: Decide<Entity>,
): Promise<readonly Decided[]> {
  const { name } = entityClass;
  const evolved = (start: object, events: readonly NewEvent[]): object => {
    const types = events.length > 0 ? newEvents(events).map(({ type }) => type) : [];
    return events.reduce<object>((entity, event, index) => {
      const type = types[index] as string;
      const next = evolve(name, evolvers, entity, type, event);
      if (next !== ended) return next;
      if (index === events.length - 1 && events !== given) return entity;
      throw new BackstoryError(
        'COMMAND_REFUSED',
        events === given
          ? `${type} ends the "${name}" that is given, and a command needs one.`
          : `evolve of "${name}" is asked for ${types[index + 1]} behind ${type}, which ends it.`,
        'Let the event that ends the entity be the last one of the command.',
      );
    }, start);
  };
  // as TypeORM makes one
  const fresh = (): object => Reflect.construct<[], object>(entityClass as unknown as new () => object, []);
  const [untouched, asked] = [evolved(fresh(), given), evolved(fresh(), given)];
  withoutPublishing(name, asked);
  const decision = await (given.length === 0 ? (decide as () => unknown)() : decide(asked as Entity));
  const { events, root } = decidedEvents(name, decision, given.length === 0 ? undefined : asked);
  const touched = root === asked ? undefined : changedProperty(untouched, asked);
  if (touched !== undefined) throw changedByDecide(name, touched);
  if (events.length === 0) return [];
  // an event of which nothing is said is refused
  const end = evolved(untouched, events);
  const other = root?.constructor === entityClass ? changedProperty(end, root) : undefined;
  if (other !== undefined) throw changedBesideEvents(name, other);
  return newEvents(events);
}

function changedProperty(before: object, after: object): string | undefined {
  const [was, is] = [before, after] as Record<string, unknown>[];
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].find(
    (name) => typeof is?.[name] !== 'function' && !isDeepStrictEqual(was?.[name], is?.[name]),
  );
}
