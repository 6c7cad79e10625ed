import type { ClassConstructor } from 'class-transformer';
import {
  type EventData,
  type EventDataOf,
  eventInstance,
  type EventTypeName,
  eventTypeName,
  type RecordedEvent,
} from '../event/index.js';
import type { EntityTarget } from '../mapping/index.js';

/** What comes with an event, for its handler. */
export interface Delivery<Manager = unknown> {
  /** With metadata, stream and positions; `globalPosition` is the same at every delivery, to tell a repeated one by. */
  readonly event: RecordedEvent;
  /** 1 at the first. */
  readonly attempt: number;
  /** Aborted when the worker stops or has lost its lease. */
  readonly signal: AbortSignal;
  /** Of the transaction that also moves the checkpoint; only in projections. */
  readonly manager: Manager;
  /** Physical names of the projection's tables in the generation that is written, quoted. */
  readonly tables: Readonly<Record<string, string>>;
}

/** Which events a handler gets: of a type, of an entity, of a category, or all. */
export type EventSelector =
  | EventTypeName
  | { readonly entity: EntityTarget }
  | { readonly category: string }
  | { readonly categories: 'all' };

/** The events of an entity that is named by its class, whose data is known by that. */
export interface OfEntity<Entity> {
  readonly entity: abstract new (...args: never[]) => Entity;
}

export interface EventHandler<Manager = unknown> {
  readonly on: EventSelector;
  /** With the event as an instance of the class in `on`; as it was recorded where that is no class. */
  readonly handle: (event: never, delivery: Delivery<Manager>) => unknown;
}

/**
 * A handler for events of a type (by class or name), of an entity, of a category, or for all. The data of an entity's events is typed by
 * its class; for those that are named, say it: `RecordedEvent<EventDataOf<Order>>`, which nobody can check.
 * @example onEvent(OrderShipped, (shipped) => index(shipped.trackingNumber))
 * @example onEvent({ entity: Order }, ({ data }) => index(data['customer.id']))
 * @example onEvent({ category: 'order' }, (event) => index(event.streamId))
 */
export function onEvent<Event extends object, Manager = unknown>(
  on: ClassConstructor<Event>,
  handle: (event: Event, delivery: Delivery<Manager>) => unknown,
): EventHandler<Manager>;
export function onEvent<Entity, Manager = unknown>(
  on: OfEntity<Entity>,
  handle: (event: RecordedEvent<EventDataOf<Entity>>, delivery: Delivery<Manager>) => unknown,
): EventHandler<Manager>;
export function onEvent<Manager = unknown, Data = EventData>(
  on: Exclude<EventSelector, abstract new (...args: never[]) => unknown>,
  handle: (event: RecordedEvent<Data>, delivery: Delivery<Manager>) => unknown,
): EventHandler<Manager>;
export function onEvent<Manager>(
  on: EventSelector,
  handle: EventHandler<Manager>['handle'],
): EventHandler<Manager> {
  return { on, handle };
}

export function isFor({ on }: Pick<EventHandler, 'on'>, { type, category }: RecordedEvent): boolean {
  if (typeof on === 'object') return 'categories' in on || ('category' in on && on.category === category);
  return eventTypeName(on) === type;
}

/** Types and categories that are selected; nothing where one selects all. */
export function wantedBy(selectors: readonly EventSelector[]): { types: string[]; categories: string[] } {
  if (selectors.some((on) => typeof on === 'object' && 'categories' in on))
    return { types: [], categories: [] };
  return {
    types: selectors.flatMap((on) => (typeof on === 'object' ? [] : [eventTypeName(on)])),
    categories: selectors.flatMap((on) => (typeof on === 'object' && 'category' in on ? [on.category] : [])),
  };
}

/** Calls the handlers that an event is for, in the order in which they were named. */
export async function callHandlers<Manager>(
  handlers: readonly EventHandler<Manager>[],
  delivery: Delivery<Manager>,
): Promise<void> {
  for (const { on, handle } of handlers) {
    if (!isFor({ on }, delivery.event)) continue;
    const given =
      typeof on === 'function'
        ? eventInstance(on as ClassConstructor<object>, delivery.event)
        : delivery.event;
    await handle(given as never, delivery);
  }
}
