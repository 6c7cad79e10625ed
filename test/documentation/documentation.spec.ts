import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { anchorsOf, type CodeBlock, codeBlocks, documentedPages } from './code-blocks.js';
import { preparation, runBlock } from './run-block.js';
import * as shop from './taken-for-granted.js';
import { WrittenBlocks } from './written-blocks.js';

const root = join(__dirname, '../..');
const pages = documentedPages();
const allBlocks = pages.flatMap(codeBlocks).filter(({ file }) => file === undefined);
const written = new WrittenBlocks('pages', ['taken-for-granted.ts']);

/** What is read, and not run: drawings, what a program prints, and configurations of others. */
const isText = ({ language }: CodeBlock): boolean =>
  ['', 'text', 'js', 'json', 'properties', 'yaml'].includes(language);

beforeAll(() => {
  process.env.DASHBOARD_SECRET ??= 'of the reader, at random';
  written.write(allBlocks.filter(({ language }) => language === 'ts'));
});

afterAll(async () => {
  written.remove();
  await shop.dropShop();
});

it('code in TypeScript has the types that it seems to have', () => {
  expect(written.typeErrors()).toEqual([]);
});

it('an event is shown with the properties that it has', async () => {
  const [shown] = codeBlocks('README.md').filter(({ language }) => language === 'json');
  await shop.openShop();
  try {
    await shop.openBackstory();
    await preparation('a history of order 42')();
    const event = (await shop.backstory.history('order', '42')).at(-1);
    await shop.backstory.close();
    const typesOf = (value: object): object =>
      Object.fromEntries(Object.entries(value).map(([name, each]) => [name, typeof each]));
    const seen = JSON.parse(JSON.stringify(event)) as object;
    expect(typesOf(seen)).toMatchObject(typesOf(JSON.parse(shown?.code ?? '') as object));
  } finally {
    await shop.closeShop();
  }
});

describe.each(pages)('%s', (page) => {
  const blocks = codeBlocks(page).filter((block) => !isText(block) && block.file === undefined);
  const quotations = codeBlocks(page).filter(({ file }) => file !== undefined);

  it('leads to pages and files that are there', () => {
    const text = readFileSync(join(root, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
    const links = [...text.matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)];
    const broken = links
      .filter(([, link = '']) => !/^https?:/.test(link))
      .filter(([, link = '', anchor]) => {
        const target = link === '' ? page : normalize(join(dirname(page), link));
        if (!existsSync(join(root, target))) return true;
        return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor);
      })
      .map(([whole]) => whole);
    expect(broken).toEqual([]);
  });

  if (quotations.length > 0) {
    it('quotes files as they are', () => {
      for (const { file = '', code } of quotations)
        expect(`${code}\n`).toBe(readFileSync(join(root, file), 'utf8'));
    });
  }

  if (blocks.length === 0) return;

  it('says nothing that does not run', async () => {
    await shop.openShop();
    try {
      for (const block of blocks) await runBlock(block, written);
    } finally {
      await shop.closeShop();
    }
  });
});
