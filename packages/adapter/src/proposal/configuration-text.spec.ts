import { runInNewContext } from 'node:vm';
import { configurationText } from './configuration-text.js';

describe('configurationText', () => {
  it('writes any name so that it is read back, and no comment that goes on behind its line', () => {
    const hostile = `it's "a" \\ \n }; process.exit(1) // */ \u2028 \${x}`;
    const named = { name: hostile, reason: hostile };
    const proposal = {
      aggregates: [
        {
          entity: hostile,
          category: named,
          owns: [named],
          exclude: [named],
          personal: [named],
          notOwned: [named],
        },
        { entity: 'Plain', category: named, owns: [], exclude: [], personal: [], notOwned: [] },
      ],
      exclude: [named],
    };
    const module = { exports: {} };
    runInNewContext(configurationText(proposal, 'commonjs'), { module });
    expect(JSON.parse(JSON.stringify(module.exports))).toEqual({
      aggregates: [
        'all',
        { entity: hostile, category: hostile, owns: [hostile], exclude: [hostile] },
        { entity: 'Plain', category: hostile },
      ],
      exclude: [hostile],
    });
  });
});
