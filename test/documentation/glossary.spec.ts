import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { documentedPages } from './code-blocks.js';
import { forbiddenWords } from './forbidden-words.js';
import { plainWords } from './plain-words.js';

const root = join(__dirname, '../..');
const entries = ['packages/adapter/src/index.ts', 'packages/nest-module/src/index.ts'];

const words = (text: string): string[] => text.toLowerCase().match(/[a-z]+/g) ?? [];
/** The words of a name: `KmsKeyOptions` is made of kms, key and options. */
const wordsOfName = (name: string): string[] =>
  (name.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []).map((word) => word.toLowerCase());

interface Entry {
  readonly words: readonly string[];
  readonly meaning: string;
  readonly links: readonly string[];
}

function glossary(): Entry[] {
  const rows = readFileSync(join(root, 'docs/glossary.md'), 'utf8').matchAll(
    /^\| \*\*(.*?) \| (.*?) \| (.*) \|$/gm,
  );
  return [...rows].map(([, term = '', meaning = '', more = '']) => ({
    words: words(term),
    meaning,
    links: [...more.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link as string),
  }));
}

function namesOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.ES2022);
  return source.statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || !statement.exportClause) return [];
    if (!ts.isNamedExports(statement.exportClause)) throw new Error(`${file} exports what it doesn't name.`);
    return statement.exportClause.elements.map(({ name }) => name.text);
  });
}

/** One for all forms of a word: reducer, reducing, reduced; wrap, wrapped; seal, seals. */
const stem = (word: string): string =>
  word
    .replace(/s$/, '')
    .replace(/(ing|ed|er|e)$/, '')
    .replace(/(.)\1$/, '$1');
const stems = (of: Iterable<string>): Set<string> => new Set([...of].map(stem));
const explained = (): Set<string> => stems(glossary().flatMap((entry) => entry.words));

describe('the glossary', () => {
  it('explains each word that the public API is made of, and that is not plain English', () => {
    const [known, plain] = [explained(), stems(plainWords)];
    const names = entries.flatMap(namesOf);
    expect(names.length).toBeGreaterThan(200);
    const isKnown = (word: string): boolean => known.has(stem(word)) || plain.has(stem(word));
    const unexplained = names.flatMap((name) =>
      wordsOfName(name)
        .filter((word) => !isKnown(word))
        .map((word) => `${word} (${name})`),
    );
    expect(unexplained).toEqual([]);
  });

  it('takes no word for plain that it explains, and lists none that no name has', () => {
    const used = stems(entries.flatMap(namesOf).flatMap(wordsOfName));
    const terms = stems(glossary().flatMap((entry) => (entry.words.length === 1 ? entry.words : [])));
    const listed = [...plainWords];
    expect(listed.filter((word) => !used.has(stem(word)))).toEqual([]);
    expect(listed.filter((word) => terms.has(stem(word)))).toEqual([]);
  });

  it('has one or two sentences for each, and says where there is more', () => {
    const found = glossary();
    expect(found.length).toBeGreaterThan(80);
    for (const { words: term, meaning, links } of found) {
      expect({ term, tooLong: meaning.length > 260 }).toEqual({ term, tooLong: false });
      expect({ term, links: links.length > 0 }).toEqual({ term, links: true });
    }
    const terms = found.map((entry) => entry.words.join(' '));
    expect(terms.filter((term, at) => terms.indexOf(term) !== at)).toEqual([]);
  });
});

it.each(forbiddenWords)('"$said" is found where somebody writes it', ({ said, pattern }) => {
  expect(`It is the ${said} of this.`.match(pattern)).toEqual([said]);
});

describe.each([...documentedPages(), 'CONTRIBUTING.md'])('%s', (page) => {
  it('says what is meant by the words of the glossary, and by no others', () => {
    const text = readFileSync(join(root, page), 'utf8');
    const found = forbiddenWords.flatMap(({ pattern, say }) =>
      [...text.matchAll(pattern)].map(({ 0: said, index }) => {
        const line = text.slice(0, index).split('\n').length;
        return `${page}:${line}: "${said}": say ${say}`;
      }),
    );
    expect(found).toEqual([]);
  });
});
