import { ReplayError } from '../errors.js';
import type { Change } from '../event/index.js';
import { fold } from './fold.js';

const event = (streamPosition: number, change: Change, data: Record<string, unknown> = {}) => ({
  streamId: '1',
  streamPosition,
  change,
  data,
});

const order = { category: 'order', streamId: '1' };

describe('fold', () => {
  it('gives nothing for an empty stream and after a deletion', () => {
    expect(fold(order, []).root).toBeUndefined();
    expect(fold(order, [event(1, 'created', { a: 1 }), event(2, 'deleted')]).root).toBeUndefined();
  });

  it('puts what changed over what was there', () => {
    const events = [
      event(1, 'created', { a: 1, b: 2 }),
      event(2, 'updated', { b: null }),
      event(3, 'updated', { c: 3 }),
    ];
    expect({ ...fold(order, events).root }).toEqual({ a: 1, b: null, c: 3 });
  });

  it('starts anew when an entity is created again', () => {
    const events = [event(1, 'created', { a: 1 }), event(2, 'deleted'), event(3, 'created', { b: 2 })];
    expect({ ...fold(order, events).root }).toEqual({ b: 2 });
  });

  it('refuses a stream with a missing position, and names it', () => {
    const events = [event(1, 'created'), event(3, 'updated')];
    expect(() => fold(order, events)).toThrow(ReplayError);
    expect(() => fold(order, events)).toThrow(/"order-1".*position 2 was expected and 3 was found/);
    expect(() => fold(order, [event(2, 'updated')])).toThrow(/position 1 was expected/);
  });

  it('refuses an event of another stream, and one that it does not know', () => {
    const foreign = { ...event(2, 'updated'), streamId: '2' };
    expect(() => fold(order, [event(1, 'created'), foreign])).toThrow(
      /"order-1".*at position 2 there is an event of "order-2"/,
    );
    expect(() => fold(order, [event(1, 'renamed' as Change)])).toThrow(
      /"order-1".*position 1 has an unknown change "renamed"/,
    );
  });

  it('goes on from a state, at the position after it', () => {
    const at = {
      position: 2,
      state: fold(order, [event(1, 'created', { a: 1 }), event(2, 'updated', { b: 2 })]),
    };
    expect({ ...fold(order, [event(3, 'updated', { b: 3 })], [], at).root }).toEqual({ a: 1, b: 3 });
    expect(() => fold(order, [event(4, 'updated')], [], at)).toThrow(
      /position 3 was expected and 4 was found/,
    );
  });

  it('takes any property name for what it is', () => {
    const data = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as Record<string, unknown>;
    const state = fold(order, [event(1, 'created', data), event(2, 'updated', data)]).root;
    expect(Object.keys(state ?? {})).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('keeps the parts by path and id, whenever their root comes and goes', () => {
    const events = [
      event(1, 'updated', { lines: { 7: { id: 7, quantity: 1 } } }),
      event(2, 'created', { a: 1 }),
      event(3, 'updated', { lines: { 7: { quantity: 2 }, 8: { id: 8, quantity: 1 } } }),
      event(4, 'updated', { lines: { 8: null }, a: 2 }),
      event(5, 'deleted'),
    ];
    const { root, parts } = fold(order, events.slice(0, 4), ['lines', 'tags']);
    expect({ ...root }).toEqual({ a: 2 });
    expect([...(parts.get('lines') ?? [])].map(([id, state]) => [id, { ...state }])).toEqual([
      ['7', { id: 7, quantity: 2 }],
    ]);
    expect(parts.get('tags')?.size).toBe(0);
    expect(fold(order, events, ['lines']).root).toBeUndefined();
    expect(fold(order, events, ['lines']).parts.get('lines')?.size).toBe(1);
  });

  it('takes the parts of a first event for what they are', () => {
    const { root, parts } = fold(order, [event(1, 'created', { a: 1, lines: { 7: { id: 7 } } })], ['lines']);
    expect({ ...root }).toEqual({ a: 1 });
    expect({ ...parts.get('lines')?.get('7') }).toEqual({ id: 7 });
  });
});
