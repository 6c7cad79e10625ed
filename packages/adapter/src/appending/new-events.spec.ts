import { newEvents } from './new-events.js';

class ReminderSent {
  channel = 'sms';
}

describe('events to append', () => {
  it('have the name of their class, or the one that they are given', () => {
    expect(newEvents(new ReminderSent())).toEqual([{ type: 'ReminderSent', data: { channel: 'sms' } }]);
    expect(newEvents([{ type: 'DoorOpened' }, { type: 'T', data: { a: 1 } }])).toEqual([
      { type: 'DoorOpened', data: {} },
      { type: 'T', data: { a: 1 } },
    ]);
  });

  const circular: Record<string, unknown> = {};
  circular['self'] = { circular };

  it.each([
    [{ a: { b: [1, undefined] } }, /"a\.b\[1\]" of T is undefined/],
    [{ n: Number.NaN }, /"n" of T is NaN/],
    [{ f: () => 1 }, /"f" of T is a function/],
    [{ s: Symbol('s') }, /"s" of T is a symbol/],
    [{ m: new Map() }, /"m" of T is a Map/],
    [{ p: Promise.resolve(1) }, /"p" of T is a Promise/],
    [{ d: new Date('x') }, /"d" of T is an invalid Date/],
    [{ s: 'a\0b' }, /"s" of T has a NUL character/],
    [{ ['a\0b']: 1 }, /of T has a NUL character/],
    [{ s: '\ud800' }, /"s" of T has half of a surrogate pair/],
    [circular, /"self\.circular" of T contains itself/],
    [{ long: 'x'.repeat(1_048_577) }, /has \d+ characters/],
  ])('are refused where JSON would lose something (%#)', (data, message) => {
    expect(() => newEvents({ type: 'T', data })).toThrow(message);
    expect(() => newEvents({ type: 'T', data })).toThrow(expect.objectContaining({ code: 'INVALID_EVENT' }));
  });

  it('may have the same object in two places', () => {
    const same = { a: 1 };
    expect(newEvents({ type: 'T', data: { one: same, other: [same, same] } })[0]?.data).toEqual({
      one: same,
      other: [same, same],
    });
  });

  it.each([
    [[]],
    [{ data: {} }],
    [{ type: '', data: {} }],
    [new (class {})()],
    [{ type: 'T', text: 'x' }],
    [{ type: 'T', data: [] }],
    ['x'],
    [null],
    [Array.from({ length: 10_001 }, () => ({ type: 'T' }))],
  ])('are refused where they are none (%#)', (event) => {
    expect(() => newEvents(event as object)).toThrow(expect.objectContaining({ code: 'INVALID_EVENT' }));
  });
});
