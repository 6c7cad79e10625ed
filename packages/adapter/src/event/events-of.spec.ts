import 'reflect-metadata';
import { Type } from 'class-transformer';
import { eventsOf } from './events-of.js';
import type { RecordedEvent } from './recorded-event.js';

class OrderShipped {
  trackingNumber: string;

  @Type(() => Date)
  shippedAt: Date;
}

class OrderCancelled {
  reason: string;
}

const recorded = (streamPosition: number, type: string, data: RecordedEvent['data'] = {}): RecordedEvent => ({
  globalPosition: String(streamPosition),
  category: 'order',
  streamId: '42',
  streamPosition,
  type,
  change: 'updated',
  schemaVersion: 1,
  data,
  metadata: { origin: 'command' },
  recordedAt: new Date(streamPosition),
});

const history = [
  recorded(1, 'OrderCreated'),
  recorded(2, 'OrderShipped', {
    status: 'shipped',
    $event: { trackingNumber: '1Z', shippedAt: '2026-03-01T09:30:00Z' },
  }),
  recorded(3, 'OrderCancelled', { reason: 'lost' }),
  recorded(4, 'OrderUpdated'),
];

describe('the events of a history that are of some classes', () => {
  it('are instances, in their order, with what was recorded', () => {
    const told = eventsOf(history, OrderCancelled, OrderShipped);
    expect(
      told.map(({ event, recorded: { streamPosition } }) => [event.constructor.name, streamPosition]),
    ).toEqual([
      ['OrderShipped', 2],
      ['OrderCancelled', 3],
    ]);
    expect(told[0]?.event).toMatchObject({
      trackingNumber: '1Z',
      shippedAt: new Date('2026-03-01T09:30:00Z'),
    });
    expect(eventsOf([], OrderShipped)).toEqual([]);
  });

  it('have their types', () => {
    const numbers: string[] = eventsOf(history, OrderShipped).map(({ event }) => event.trackingNumber);
    expect(numbers).toEqual(['1Z']);
    const texts = eventsOf(history, OrderShipped, OrderCancelled).map(({ event }): string =>
      event instanceof OrderShipped ? event.shippedAt.toISOString() : event.reason,
    );
    expect(texts).toEqual(['2026-03-01T09:30:00.000Z', 'lost']);
    // @ts-expect-error the class has no such property
    void eventsOf(history, OrderShipped).map(({ event }) => event.reason);
    // @ts-expect-error which of the two it is, nobody has asked
    void eventsOf(history, OrderShipped, OrderCancelled).map(({ event }) => event.reason);
  });
});
