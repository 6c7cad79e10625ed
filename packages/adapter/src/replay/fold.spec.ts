import { ReplayError } from '../errors.js';
import type { Change } from '../event/index.js';
import { fold } from './fold.js';

const event = (streamPosition: number, change: Change, data: Record<string, unknown> = {}) => ({
  streamId: '1',
  streamPosition,
  change,
  data,
});

describe('fold', () => {
  it('gives nothing for an empty stream and after a deletion', () => {
    expect(fold('order', [])).toBeUndefined();
    expect(fold('order', [event(1, 'created', { a: 1 }), event(2, 'deleted')])).toBeUndefined();
  });

  it('puts what changed over what was there', () => {
    const events = [
      event(1, 'created', { a: 1, b: 2 }),
      event(2, 'updated', { b: null }),
      event(3, 'updated', { c: 3 }),
    ];
    expect({ ...fold('order', events) }).toEqual({ a: 1, b: null, c: 3 });
  });

  it('starts anew when an entity is created again', () => {
    const events = [event(1, 'created', { a: 1 }), event(2, 'deleted'), event(3, 'created', { b: 2 })];
    expect({ ...fold('order', events) }).toEqual({ b: 2 });
  });

  it('refuses a stream with a missing position, and names it', () => {
    const events = [event(1, 'created'), event(3, 'updated')];
    expect(() => fold('order', events)).toThrow(ReplayError);
    expect(() => fold('order', events)).toThrow(/"order-1".*position 2 was expected and 3 was found/);
    expect(() => fold('order', [event(2, 'updated')])).toThrow(/position 1 was expected/);
  });

  it('takes any property name for what it is', () => {
    const data = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as Record<string, unknown>;
    const state = fold('order', [event(1, 'created', data), event(2, 'updated', data)]);
    expect(Object.keys(state ?? {})).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
