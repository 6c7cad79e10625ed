import type { EntityMapping } from '../mapping/index.js';
import type { Stage } from '../stages/index.js';
import { startInWords } from './start-in-words.js';

const said = (standings: Record<string, Stage>): string =>
  startInWords(
    'backstory',
    Object.keys(standings).map((name) => ({ category: name, knownAs: name }) as EntityMapping),
    (category) => standings[category] ?? 'off',
  );

describe('what a start says', () => {
  it('names each aggregate by the stage that it stands in', () => {
    expect(said({ order: 'replay', customer: 'capture', coffee: 'capture', job: 'off' })).toBe(
      'Captures 3 aggregates in schema "backstory": job off; coffee, customer in capture; order in replay',
    );
  });

  it('says so where there is nothing', () => {
    expect(said({})).toBe('Captures 0 aggregates in schema "backstory"');
  });
});
