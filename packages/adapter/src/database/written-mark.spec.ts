import { endOfWrites, parseMark } from './written-mark.js';

describe('the end of what was written', () => {
  const [page, file] = [8192, 16 * 1024 * 1024];

  it.each([
    ['0/3000148', '0/3000148', 'on a page with something on it'],
    ['0/3002018', '0/3002000', 'behind the header of a new page'],
    ['0/4000028', '0/4000000', 'behind the header of a new file'],
    ['0/3002028', '0/3002028', 'where another record has ended in the first bytes of a page'],
    ['1/18', '1/0', 'with the higher half'],
    ['FFFFFFFF/FFFFFFE0', 'FFFFFFFF/FFFFFFE0', 'at the very end'],
  ])('of %s is %s: %s', (lsn, end) => expect(endOfWrites(lsn, page, file)).toBe(end));

  it('is refused where it is no mark', () => {
    expect(parseMark('7587421933318713345:0/3000148')).toEqual({
      system: '7587421933318713345',
      lsn: '0/3000148',
    });
    for (const text of ['', '0/3000148', "1:0/0'", '1:0/123456789', 'x:0/0'])
      expect(() => parseMark(text)).toThrow(/says of no server/);
  });
});
