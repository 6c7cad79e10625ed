import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

describe('the README', () => {
  it('shows exactly what the example adds to adopt Backstory, and that is under 40 lines', () => {
    const adoption = read('examples/legacy-app/src/backstory/shop-with-backstory.module.ts');
    expect(read('README.md')).toContain(adoption);
    const lines = adoption + read('examples/legacy-app/src/backstory/main.ts');
    expect(lines.trim().split('\n').length).toBeLessThan(40);
  });
});
