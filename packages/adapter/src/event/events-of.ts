import type { ClassConstructor } from 'class-transformer';
import { eventInstance } from './event-instance.js';
import type { RecordedEvent } from './recorded-event.js';

/** An event as an instance of its class, and as it was recorded. */
export interface TypedEvent<Event> {
  readonly event: Event;
  readonly recorded: RecordedEvent;
}

/**
 * The events of a history that are of these classes, in their order and with their types. `event instanceof OrderShipped` tells several apart.
 * @param history - what `backstory.history` gives
 * @param types - classes whose names are the types of events; each instance is made as by {@link eventInstance}
 * @example
 * for (const { event, recorded } of eventsOf(await backstory.history('order', '42'), OrderShipped))
 *   log(event.trackingNumber, recorded.metadata.actor);
 */
export function eventsOf<Types extends readonly ClassConstructor<object>[]>(
  history: readonly RecordedEvent[],
  ...types: Types
): TypedEvent<InstanceType<Types[number]>>[] {
  const byName = new Map(types.map((type) => [type.name, type]));
  return history.flatMap((recorded) => {
    const type = byName.get(recorded.type);
    if (!type) return [];
    return [{ event: eventInstance(type, recorded) as InstanceType<Types[number]>, recorded }];
  });
}
