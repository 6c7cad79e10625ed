import diagnostics from 'node:diagnostics_channel';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { Backstory } from '@backstory/adapter';
import ts from 'typescript';
import { anchorsOf, type CodeBlock, codeBlocks, documentedPages } from './code-blocks.js';
import { moduleOfBlock } from './module-of-block.js';
import { runShellLine } from './run-shell-line.js';
import * as shop from './taken-for-granted.js';

const root = join(__dirname, '../..');
const generated = join(__dirname, 'generated');
const pages = documentedPages();
const allBlocks = pages.flatMap(codeBlocks).filter(({ file }) => file === undefined);
const fileOf = ({ page, line }: CodeBlock): string =>
  join(generated, `${page.replace(/\W/g, '-')}-${line}.ts`);

/** What is read, and not run: drawings, what a program prints, and configurations of others. */
const isText = ({ language }: CodeBlock): boolean =>
  ['', 'text', 'js', 'json', 'properties', 'yaml'].includes(language);

beforeAll(() => {
  process.env.DASHBOARD_SECRET ??= 'of the reader, at random';
  rmSync(generated, { recursive: true, force: true });
  mkdirSync(generated);
  const names = [...exportsOf(join(__dirname, 'taken-for-granted.ts'))];
  for (const block of allBlocks.filter(({ language }) => language === 'ts'))
    writeFileSync(fileOf(block), moduleOfBlock(block, names));
});

/** A page's own subscriptions have no end: a reader's process has. */
const { subscribe } = diagnostics;
const subscriptions: Parameters<typeof subscribe>[] = [];
beforeEach(() => {
  jest.spyOn(diagnostics, 'subscribe').mockImplementation((...subscription) => {
    subscriptions.push(subscription);
    subscribe(...subscription);
  });
});
afterEach(() => {
  for (const subscription of subscriptions.splice(0)) diagnostics.unsubscribe(...subscription);
});

afterAll(async () => {
  rmSync(generated, { recursive: true, force: true });
  await shop.dropShop();
});

it('code in TypeScript has the types that it seems to have', () => {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = allBlocks.filter(({ language }) => language === 'ts').map(fileOf);
  const program = ts.createProgram(files, { ...options, noEmit: true, noImplicitAny: false });
  const found = files.flatMap((file) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map(({ messageText, start }) => {
      const text = readFileSync(file, 'utf8');
      return `${text.split('\n')[0]} near "${text.slice(start, (start ?? 0) + 40)}": ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    }),
  );
  expect(found).toEqual([]);
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
      for (const block of blocks) await expectToRun(block);
    } finally {
      await shop.closeShop();
    }
  });
});

async function expectToRun(block: CodeBlock): Promise<void> {
  const { page, line, language, code, before } = block;
  const opensItself = language === 'ts' && code.includes('createBackstory(');
  let opened: Backstory | undefined;
  try {
    await shop.reconnect(!code.includes('dataSource.initialize()'));
    if (!opensItself || before) await shop.openBackstory();
    if (before) await preparation(before)();
    if (opensItself && before) await shop.backstory.close();
    if (language === 'ts') {
      // loaded by what a page's reader would load it with, too
      const { run } = jest.requireActual<{ run: () => Promise<Backstory | undefined> }>(fileOf(block));
      opened = await run();
    } else if (language === 'sh') {
      await shop.backstory.close();
      for (const each of code.split('\n')) await runShellLine(each);
    } else if (language === 'sql') await shop.dataSource.query(code);
    else throw new Error(`Nobody knows how to run "${language}".`);
  } catch (error) {
    throw new Error(`${page}:${line}: ${(error as Error).message}`, { cause: error });
  } finally {
    await (opensItself ? opened : shop.backstory)?.close();
  }
}

function preparation(name: string): () => Promise<void> {
  const found = shop.before[name];
  if (!found) throw new Error(`There is no preparation "${name}".`);
  return found;
}

function exportsOf(file: string): Set<string> {
  const program = ts.createProgram([file], { noEmit: true, skipLibCheck: true, noResolve: true });
  const checker = program.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile);
  const unknown = new Set(['before', 'openShop', 'closeShop', 'dropShop', 'openBackstory', 'reconnect']);
  return new Set(
    (symbol ? checker.getExportsOfModule(symbol) : [])
      .map(({ name }) => name)
      .filter((name) => !unknown.has(name)),
  );
}
