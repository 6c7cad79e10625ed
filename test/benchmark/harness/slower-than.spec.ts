import { slowerThan } from './slower-than.mjs';

const run = (ratio: number, { spread = 1.02, again = 1.01, variant = 'backstory' } = {}) => [
  {
    name: 'capture',
    sections: [
      {
        title: 'one writer',
        figures: [
          { operation: 'update', variant: 'plain', ratio: 1, median: 1, p25: 1, p75: 1 },
          {
            operation: 'update',
            variant: 'plain, again',
            ratio: again,
            median: again,
            p25: again,
            p75: again,
          },
          { operation: 'update', variant, ratio, median: ratio, p25: ratio / spread, p75: ratio * spread },
        ],
      },
    ],
  },
];

describe('slowerThan', () => {
  it('names what has a worse ratio than before', () => {
    expect(slowerThan(run(1.2), run(1.5))).toEqual({
      compared: 2,
      slower: [
        {
          benchmark: 'capture',
          section: 'one writer',
          operation: 'update',
          variant: 'backstory',
          before: 1.2,
          now: 1.5,
        },
      ],
    });
  });

  it.each([
    ['faster', run(1.5), run(1.2)],
    ['less than a tenth', run(1.2), run(1.3)],
    ['within the quartiles of this run', run(1.2), run(1.5, { spread: 1.4 })],
    ['within those of the earlier one', run(1.2, { spread: 1.4 }), run(1.5)],
    ['within what the floor differs from itself', run(1.2), run(1.5, { again: 0.7 })],
  ])('says nothing of what is %s', (_what, before, now) => {
    expect(slowerThan(before, now).slower).toEqual([]);
  });

  it('compares what both have', () => {
    expect(slowerThan(run(1.2), run(9, { variant: 'another' }))).toEqual({ compared: 1, slower: [] });
    expect(slowerThan([], run(9))).toEqual({ compared: 0, slower: [] });
  });
});
