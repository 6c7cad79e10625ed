import 'reflect-metadata';
import type { BatchDelivery, EventDataOf, EventSelector, OfEntity, RecordedEvent } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';

const batchKey = Symbol.for('backstory:OnEventBatch');

/** What a batch has of a selector: recorded events, whose data is known where an entity is named by its class. */
export type BatchedEventOf<Selector> =
  Selector extends OfEntity<infer Entity>
    ? RecordedEvent<EventDataOf<Entity>>
    : // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the method says it, and nobody can check it
      RecordedEvent<any>;

/** A decorator of methods that take these events, and perhaps their delivery. */
export type OnEventBatchDecorator<Event> = <
  Method extends (events: readonly Event[], delivery: BatchDelivery<EntityManager>) => unknown,
>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/**
 * Has the method of an `@EventProjection` called with whole batches of events of these types and categories: with the recorded
 * events and their `BatchDelivery`. One statement for all of them is many times as fast as one for each. It is the only handler
 * of its class. See `onEventBatch` for what happens when it fails.
 * @example
 * @OnEventBatch('OrderCreated', OrderShipped)
 * async count(events: readonly RecordedEvent[], { manager, tables }: BatchDelivery<EntityManager>): Promise<void> {}
 */
export function OnEventBatch<const Selectors extends readonly [EventSelector, ...EventSelector[]]>(
  ...selectors: Selectors
): OnEventBatchDecorator<BatchedEventOf<Selectors[number]>> {
  return (_target, _name, descriptor) =>
    Reflect.defineMetadata(batchKey, selectors, descriptor.value as unknown as object);
}

export function batchSelectorsOf(method: object): readonly EventSelector[] {
  return (Reflect.getMetadata(batchKey, method) as EventSelector[] | undefined) ?? [];
}
