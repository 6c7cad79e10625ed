import type { EntityMapping } from './entity-mapping.js';

/** On globalThis: the CommonJS and the ESM copy of this package in one process must see the same. */
const key = Symbol.for('@backstory/adapter:mapping-of-event');
const mappings = ((globalThis as Record<symbol, unknown>)[key] ??= new WeakMap()) as WeakMap<
  object,
  EntityMapping | null
>;

/** Keeps in mind by which mapping an event was read, null where it is of a category without a table. The event itself stays as it is. */
export function rememberMapping<Event extends object>(event: Event, mapping: EntityMapping | null): Event {
  mappings.set(event, mapping);
  return event;
}

/** Undefined for an event that wasn't read from a history, such as one that was sent as JSON. */
export function mappingOfEvent(event: object): EntityMapping | null | undefined {
  return mappings.get(event);
}
