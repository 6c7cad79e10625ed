import type { Delivery, EventDataOf, RecordedEvent } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import { Aggregates } from '../aggregates.js';
import { batchSelectorsOf, OnEventBatch } from './on-event-batch.decorator.js';
import { OnEvent, selectorsOf } from './on-event.decorator.js';

class OrderShipped {
  constructor(readonly trackingNumber: string) {}
}

class OrderCancelled {
  constructor(readonly reason: string) {}
}

class OrderLost {
  constructor(readonly where: number) {}
}

class Order {
  status: string;
  placedAt: Date;
  customer: Customer | null;
}

class Customer {
  id: number;
}

describe('event classes', () => {
  it('type the methods that handle them', () => {
    class Handlers {
      @OnEvent(OrderShipped)
      shipped({ trackingNumber }: OrderShipped, { manager }: Delivery<EntityManager>): unknown {
        return [trackingNumber, manager];
      }

      @OnEvent(OrderShipped)
      @OnEvent(OrderCancelled)
      either(event: OrderShipped | OrderCancelled): unknown {
        return event;
      }

      @OnEvent('OrderUpdated')
      @OnEvent({ category: 'order' })
      @OnEvent({ categories: 'all' })
      recorded({ streamId }: RecordedEvent): string {
        return streamId;
      }

      // @ts-expect-error the method takes another event
      @OnEvent(OrderShipped)
      cancelled({ reason }: OrderCancelled): string {
        return reason;
      }

      // @ts-expect-error a class gives an instance, not what was recorded
      @OnEvent(OrderShipped)
      asRecorded({ data }: RecordedEvent): unknown {
        return data;
      }

      // @ts-expect-error a name gives what was recorded
      @OnEvent('OrderShipped')
      byName({ trackingNumber }: OrderShipped): string {
        return trackingNumber;
      }
    }
    const either = Object.getOwnPropertyDescriptor(Handlers.prototype, 'either')?.value as object;
    expect(selectorsOf(either)).toEqual([OrderShipped, OrderCancelled]);
  });

  it('and names may be several for one method', () => {
    class Handlers {
      @OnEvent('OrderShipped', 'OrderCancelled')
      byNames({ data }: RecordedEvent<EventDataOf<Order>>): number | null | undefined {
        return data['customer.id'];
      }

      @OnEvent(OrderShipped, OrderCancelled)
      either(event: OrderShipped | OrderCancelled): unknown {
        return event;
      }

      // @ts-expect-error it gets the other one, too
      @OnEvent(OrderShipped, OrderCancelled)
      one({ trackingNumber }: OrderShipped): string {
        return trackingNumber;
      }

      // @ts-expect-error an instance, or what was recorded
      @OnEvent(OrderShipped, 'OrderCancelled')
      mixed({ streamId }: RecordedEvent): string {
        return streamId;
      }
    }
    const of = (name: string): object =>
      Object.getOwnPropertyDescriptor(Handlers.prototype, name)?.value as object;
    expect(selectorsOf(of('byNames'))).toEqual(['OrderShipped', 'OrderCancelled']);
    expect(selectorsOf(of('either'))).toEqual([OrderShipped, OrderCancelled]);
  });

  it('and an entity types the data of its events', () => {
    class Handlers {
      @OnEvent({ entity: Order })
      all({ data }: RecordedEvent<EventDataOf<Order>>): string | undefined {
        return data.placedAt;
      }

      @OnEvent({ entity: Order })
      untyped({ data }: RecordedEvent): unknown {
        return data['anything'];
      }

      // @ts-expect-error the data of another entity
      @OnEvent({ entity: Order })
      other({ data }: RecordedEvent<{ readonly status?: number }>): unknown {
        return data.status;
      }

      @OnEventBatch({ entity: Order })
      batch(events: readonly RecordedEvent<EventDataOf<Order>>[]): unknown {
        return events.map(({ data }) => data['customer.id']?.toFixed());
      }

      // @ts-expect-error the data of another entity
      @OnEventBatch({ entity: Order })
      otherBatch(events: readonly RecordedEvent<{ readonly status?: number }>[]): unknown {
        return events;
      }

      // @ts-expect-error a batch has recorded events
      @OnEventBatch(OrderShipped)
      instances(events: readonly OrderShipped[]): unknown {
        return events;
      }
    }
    const { value } = Object.getOwnPropertyDescriptor(Handlers.prototype, 'batch') as { value: object };
    expect(batchSelectorsOf(value)).toEqual([{ entity: Order }]);
  });

  it('type what commands on aggregates may come to', async () => {
    const orders = new Aggregates<Order, OrderShipped | OrderCancelled>(Order, undefined);
    const anything = new Aggregates(Order, undefined);
    const placed = async (): Promise<string | undefined> => (await orders.history(1))[0]?.data.placedAt;
    await expect(placed()).rejects.toThrow(/There is no BackstoryModule/);
    const calls = [
      () => orders.handle(1, (order) => (order.status === 'paid' ? new OrderShipped('1Z') : undefined)),
      () =>
        orders.handle(1, async () => Promise.resolve([new OrderShipped('1Z'), new OrderCancelled('lost')])),
      () => orders.create(() => new OrderShipped('1Z')),
      () => anything.handle(1, () => new OrderLost(1)),
      // @ts-expect-error an event that is none of these
      () => orders.handle(1, () => new OrderLost(1)),
      // @ts-expect-error an event that is none of these
      () => orders.create(() => [new OrderShipped('1Z'), new OrderLost(1)]),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow(/There is no BackstoryModule/);
  });
});
