import 'reflect-metadata';
import type { EventSelector } from '@backstory/adapter';

const batchKey = Symbol.for('backstory:OnEventBatch');

/**
 * Has the method of an `@EventProjection` called with whole batches of events of these types and categories: with the recorded
 * events and their `BatchDelivery`. One statement for all of them is many times as fast as one for each. It is the only handler
 * of its class. See `onEventBatch` for what happens when it fails.
 * @example
 * @OnEventBatch('OrderCreated', OrderShipped)
 * async count(events: readonly RecordedEvent[], { manager, tables }: BatchDelivery<EntityManager>): Promise<void> {}
 */
export function OnEventBatch(...selectors: [EventSelector, ...EventSelector[]]): MethodDecorator {
  return (_target, _name, descriptor: PropertyDescriptor) =>
    Reflect.defineMetadata(batchKey, selectors, descriptor.value as object);
}

export function batchSelectorsOf(method: object): readonly EventSelector[] {
  return (Reflect.getMetadata(batchKey, method) as EventSelector[] | undefined) ?? [];
}
