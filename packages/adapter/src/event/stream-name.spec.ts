import fc from 'fast-check';
import { streamId, streamName } from './stream-name.js';

describe('the stream id of a key', () => {
  it('is a single key as it is', () => {
    expect(streamId(['a:b%'])).toBe('a:b%');
    expect(streamName('order', '42')).toBe('order-42');
  });

  it('tells all composite keys apart', () => {
    const key = fc.tuple(fc.string(), fc.string());
    fc.assert(
      fc.property(key, key, (a, b) => (streamId(a) === streamId(b)) === (a[0] === b[0] && a[1] === b[1])),
    );
    expect(streamId(['a:b', 'c'])).toBe('a%3Ab:c');
    expect(streamId(['a', 'b:c'])).toBe('a:b%3Ac');
  });
});
