import 'reflect-metadata';
import type {
  ConsumerDefinition,
  Delivery,
  EventDataOf,
  EventSelector,
  OfEntity,
  ProjectionDefinition,
  RecordedEvent,
} from '@backstory/adapter';
import type { EntityManager } from 'typeorm';

const selectorsKey = Symbol.for('backstory:OnEvent');
const consumerKey = Symbol.for('backstory:EventConsumer');
const projectionKey = Symbol.for('backstory:Projection');

/** The consumer that handlers belong to whose class names none. */
export const defaultConsumer = 'handlers';

interface OfDataSource {
  /** Name of the DataSource whose events these are. @defaultValue 'default' */
  dataSource?: string;
}

export type EventConsumerOptions = Partial<Omit<ConsumerDefinition, 'handlers'>> & OfDataSource;
export type EventProjectionOptions = Omit<ProjectionDefinition<EntityManager>, 'handlers' | 'into'> &
  OfDataSource & {
    /**
     * Name of the DataSource of another database in which it lives, as in `TypeOrmModule.forRoot({ name })`; or with `schema` of the
     * checkpoints there.
     * @defaultValue the database of the events
     */
    into?: string | { dataSource: string; schema?: string };
  };

/** A decorator of methods that take this event, and perhaps its delivery. */
export type OnEventDecorator<Event> = <
  Method extends (event: Event, delivery: Delivery<EntityManager>) => unknown,
>(
  target: object,
  name: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

/** What a method gets for a selector. Of what a name or a category stands for, its method says what data it expects. */
export type EventOf<Selector> = Selector extends abstract new (...args: never[]) => infer Event
  ? Event
  : Selector extends OfEntity<infer Entity>
    ? RecordedEvent<EventDataOf<Entity>>
    : // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the method says it, and nobody can check it
      RecordedEvent<any>;

/**
 * Has a provider's method called with every event of a type, an entity, a category or all, at least once and in the order of each
 * stream: with the event (an instance where a class is named) and its `Delivery`. Resolving means that it is handled; an
 * error is tried again. Several selectors, or decorators, are alternatives. A method that takes another event than it gets is an
 * error of the compiler.
 * @example
 * @OnEvent(OrderShipped)
 * async notify(shipped: OrderShipped, { event }: Delivery): Promise<void> {}
 * @example
 * @OnEvent('OrderShipped', 'OrderCancelled')
 * async close({ data }: RecordedEvent<EventDataOf<Order>>): Promise<void> {}
 */
export function OnEvent<const Selectors extends readonly [EventSelector, ...EventSelector[]]>(
  ...selectors: Selectors
): OnEventDecorator<EventOf<Selectors[number]>> {
  return (_target, _name, descriptor) => {
    const method = descriptor.value as unknown as object;
    Reflect.defineMetadata(selectorsKey, [...selectors, ...selectorsOf(method)], method);
  };
}

/**
 * Puts the `@OnEvent` methods of a class into a named consumer with a checkpoint of its own: one that is slow or fails
 * holds up none of the others. Several classes may name the same one.
 * @defaultValue the consumer `handlers` for classes without it
 * @example
 * @EventConsumer({ name: 'mailer', attempts: 10 })
 * class Mailer {
 *   @OnEvent('OrderShipped')
 *   async mail({ streamId }: RecordedEvent): Promise<void> {}
 * }
 */
export function EventConsumer(options: EventConsumerOptions & { name: string }): ClassDecorator {
  return (type) => Reflect.defineMetadata(consumerKey, options, type);
}

/**
 * Makes the `@OnEvent` methods of a class a projection: what they write with `delivery.manager` is written exactly once.
 * @example
 * @EventProjection({ name: 'order-totals', tables: ['order_totals'], create: createTotals })
 * class OrderTotals {
 *   @OnEvent('OrderCreated')
 *   async add({ data }: RecordedEvent, { manager, tables }: Delivery<EntityManager>): Promise<void> {}
 * }
 */
export function EventProjection(options: EventProjectionOptions): ClassDecorator {
  return (type) => Reflect.defineMetadata(projectionKey, options, type);
}

export function selectorsOf(method: object): readonly EventSelector[] {
  return (Reflect.getMetadata(selectorsKey, method) as EventSelector[] | undefined) ?? [];
}

export function consumerOf(type: object): EventConsumerOptions & { name: string } {
  const options = Reflect.getMetadata(consumerKey, type) as
    (EventConsumerOptions & { name: string }) | undefined;
  return options ?? { name: defaultConsumer };
}

export function projectionOf(type: object): EventProjectionOptions | undefined {
  return Reflect.getMetadata(projectionKey, type) as EventProjectionOptions | undefined;
}
