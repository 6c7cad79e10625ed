import { storedName } from './stored-name.js';

describe('storedName', () => {
  it('cuts a name as PostgreSQL does: at 63 bytes, and no sign in two', () => {
    expect(storedName('order')).toBe('order');
    expect(storedName('x'.repeat(63))).toBe('x'.repeat(63));
    expect(storedName('x'.repeat(64))).toBe('x'.repeat(63));
    expect(storedName('é'.repeat(31))).toBe('é'.repeat(31));
    expect(storedName('é'.repeat(32))).toBe('é'.repeat(31));
    expect(storedName(`${'x'.repeat(60)}😀`)).toBe('x'.repeat(60));
  });
});
