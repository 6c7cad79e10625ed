import type { Delivery, RecordedEvent } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import { Aggregates } from '../aggregates.js';
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

  it('type what commands on aggregates may come to', async () => {
    const orders = new Aggregates<Order, OrderShipped | OrderCancelled>(Order, undefined);
    const anything = new Aggregates(Order, undefined);
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
