import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { markdownTable } from './markdown-table.mjs';
import { withFigures } from './performance-page.mjs';
import { report } from './report.mjs';

describe('markdownTable', () => {
  it('makes columns as wide as their widest cell', () => {
    expect(
      markdownTable(
        ['operation', 'ms'],
        [
          ['save() of 100', '12.5'],
          ['find', '0.310'],
        ],
      ),
    ).toBe(
      [
        '| operation     | ms    |',
        '| ------------- | ----- |',
        '| save() of 100 | 12.5  |',
        '| find          | 0.310 |',
        '',
      ].join('\n'),
    );
  });

  it('keeps a cell in its column, whatever is in it', () => {
    expect(markdownTable(['a', 'b'], [['x | y', 'two\nlines'], ['short']])).toBe(
      [
        '| a      | b         |',
        '| ------ | --------- |',
        '| x \\| y | two lines |',
        '| short  |           |',
        '',
      ].join('\n'),
    );
  });

  it('is a heading alone where nothing was measured', () => {
    expect(markdownTable(['a'], [])).toBe('| a   |\n| --- |\n');
  });
});

it('reports each benchmark under its name, with a table and notes for each section', () => {
  const section = { title: 'One', figures: [], heading: ['a'], cells: [['1']], notes: ['goal: 2'] };
  const without = { ...section, title: 'Two', notes: undefined };
  expect(
    report([{ name: 'relay', description: 'What is read.', seconds: 7, sections: [section, without] }]),
  ).toBe(
    '## relay\n\nWhat is read. Took 7 s.\n\n### One\n\n| a   |\n| --- |\n| 1   |\n\n- goal: 2\n\n### Two\n\n| a   |\n| --- |\n| 1   |\n',
  );
});

describe('withFigures', () => {
  const page = (figures: string): string =>
    `# Performance\n\nBy hand.\n\n<!-- figures: written by \`npm run bench -- --write\` -->\n\n${figures}\n\n<!-- end of the figures -->\n\nAlso by hand.\n`;

  it('replaces what is between the markers and nothing else', () => {
    expect(withFigures(page('old'), '\nnew $& figures\n')).toBe(page('new $& figures'));
  });

  it('finds its place in docs/performance-figures.md', () => {
    const text = readFileSync(join(__dirname, '../../../docs/performance-figures.md'), 'utf8');
    expect(withFigures(text, '| ratio |')).toContain('\n| ratio |\n');
  });

  it('refuses a page without markers', () => {
    expect(() => withFigures('# Performance\n', 'new')).toThrow('no place for figures');
  });
});
