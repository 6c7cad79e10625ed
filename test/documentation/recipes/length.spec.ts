import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '../../..');
const examples = path.join(root, 'examples/legacy-app/src/recipes');

/** All of its lines: empty ones, imports and comments, too. */
function linesOf(recipe: string): number {
  const folder = path.join(examples, recipe);
  return readdirSync(folder).reduce(
    (sum, file) => sum + readFileSync(path.join(folder, file), 'utf8').trimEnd().split('\n').length,
    0,
  );
}

describe('the code of a recipe', () => {
  const page = readFileSync(path.join(root, 'docs/recipes/README.md'), 'utf8');
  const recipes = readdirSync(examples, { withFileTypes: true }).filter((entry) => entry.isDirectory());

  it('is that of each page', () => {
    expect(recipes.map(({ name }) => name).sort()).toEqual(['as-of-reports', 'audit-trail', 'order-events']);
  });

  it.each(recipes.map(({ name }) => ({ name })))(
    'of $name has less than 100 lines, as many as its page says',
    ({ name }) => {
      const lines = linesOf(name);
      expect(lines).toBeLessThan(100);
      expect(page).toMatch(new RegExp(`\\(${name}[^)]*\\.md\\) \\| ${lines} \\|`));
    },
  );
});
