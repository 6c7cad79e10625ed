import { floatText } from './float-text.js';

describe('floatText', () => {
  // as PostgreSQL 13 to 18 print them
  it.each([
    [-21088843471793672, '-2.1088843471793672e+16'],
    [2 ** 54, '1.8014398509481984e+16'],
    [1e15, '1e+15'],
    [123456789012345, '123456789012345'],
    [1e23, '9.999999999999999e+22'],
    [182972285884922000, '1.8297228588492198e+17'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [-0, '-0'],
    [0.1, '0.1'],
    [2 ** 60, '1.152921504606847e+18'],
  ])('%d is %s', (value, text) => {
    expect(floatText(value, 'float8')).toBe(text);
  });

  it('is what a real was printed as, which says more of it than the double beside it', () => {
    expect(floatText(2.3435462e20, 'float4')).toBe('2.3435462e+20');
    expect(floatText(2.3435462e20, 'float8')).toBe('2.3435462000000002e+20');
  });
});
