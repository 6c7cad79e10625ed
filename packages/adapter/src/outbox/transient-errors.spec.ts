import { backoff, isTransient } from './transient-errors.js';

describe('errors that go by themselves', () => {
  const withCode = (code: string): Error => Object.assign(new Error(code), { code });

  it.each(['40001', '40P01', '55P03', '57P01', '08006', '53300', 'ECONNREFUSED', 'DATABASE_UNREACHABLE'])(
    '%s',
    (code) => {
      expect(isTransient(withCode(code))).toBe(true);
      expect(isTransient(new Error('outer', { cause: withCode(code) }))).toBe(true);
      expect(isTransient(Object.assign(new Error('query failed'), { driverError: withCode(code) }))).toBe(
        true,
      );
    },
  );

  it.each(['23505', '22001', '42P01', '40002', '57014'])('%s does not', (code) => {
    expect(isTransient(withCode(code))).toBe(false);
  });

  it('anything else does not', () => {
    for (const error of [new TypeError('x is undefined'), 'text', undefined, null, { code: '40001' }]) {
      expect(isTransient(error)).toBe(false);
    }
  });

  it('are waited for ever longer, up to a limit, and not all at the same time', () => {
    for (let attempt = 1; attempt < 100; attempt++) {
      const most = Math.min(1000, 50 * 2 ** attempt);
      const pause = backoff(attempt, 1000);
      expect(pause).toBeGreaterThanOrEqual(most / 2);
      expect(pause).toBeLessThanOrEqual(most);
    }
  });
});
