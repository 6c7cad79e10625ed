import 'reflect-metadata';
import { Type } from 'class-transformer';
import { eventInstance } from './event-instance.js';

class Address {
  city: string;

  label(): string {
    return `to ${this.city}`;
  }
}

class OrderShipped {
  @Type(() => Date)
  shippedAt: Date;

  @Type(() => Address)
  shipping: Address;

  customer: { id: number };
}

describe('an event as an instance of its class', () => {
  it('has embedded properties as objects and its class-transformer types', () => {
    const event = eventInstance(OrderShipped, {
      data: {
        shippedAt: '2026-03-01T09:30:00.123456+00:00',
        'shipping.city': 'Oslo',
        'shipping.street': null,
        'customer.id': 7,
      },
    });
    expect(event).toBeInstanceOf(OrderShipped);
    expect(event.shippedAt).toEqual(new Date('2026-03-01T09:30:00.123Z'));
    expect(event.shipping.label()).toBe('to Oslo');
    expect(event.shipping).toEqual({ city: 'Oslo', street: null });
    expect(event.customer).toEqual({ id: 7 });
  });

  it('leaves json values and parts of an aggregate as they are', () => {
    const data = { settings: { 'a.b': 1 }, lines: { 7: { quantity: 2 }, 8: null }, 'lines.discounts': {} };
    const event = eventInstance(class Anything {}, { data }) as Record<string, unknown>;
    expect(event['settings']).toEqual({ 'a.b': 1 });
    expect(event['lines']).toEqual({ 7: { quantity: 2 }, 8: null });
    expect(event['lines.discounts']).toEqual({});
  });

  it('takes no name for a prototype', () => {
    const data = JSON.parse('{"__proto__": {"polluted": true}, "__proto__.other": 1}') as Record<
      string,
      unknown
    >;
    eventInstance(class Anything {}, { data });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(({} as Record<string, unknown>)['other']).toBeUndefined();
  });
});
