import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const root = join(__dirname, '../..');

/** A part of the public face, and the examples in its docstring. */
export interface Docstring {
  /** `createBackstory`, `Backstory.verify`, `AggregateOptions.owns`. */
  readonly name: string;
  readonly kind: 'function' | 'class' | 'method' | 'option' | 'type';
  readonly examples: readonly { readonly file: string; readonly line: number; readonly code: string }[];
}

export interface PublicFace {
  readonly docstrings: readonly Docstring[];
  /** What a user imports each exported name from. */
  readonly packageOf: ReadonlyMap<string, string>;
}

/** What the entry points export, with public methods and options. */
export function publicFace(): PublicFace {
  const entries = ['packages/adapter', 'packages/nest-module'].flatMap(entriesOf);
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const program = ts.createProgram(
    entries.map(({ file }) => file),
    { ...options, noEmit: true },
  );
  const checker = program.getTypeChecker();
  const packageOf = new Map<string, string>();
  const docstrings = new Map<ts.Declaration | undefined, Docstring>();
  for (const { file, name } of entries) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile) as ts.Symbol;
    for (const exported of checker.getExportsOfModule(module)) {
      if (!packageOf.has(exported.name)) packageOf.set(exported.name, name);
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      for (const [of, kind, path] of partsOf(symbol, checker)) {
        const [declaration] = of.declarations ?? [];
        if (docstrings.has(declaration)) continue;
        docstrings.set(declaration, { name: path, kind, examples: examplesOf(of) });
      }
    }
  }
  return { docstrings: [...docstrings.values()], packageOf };
}

/** The sources of what the `exports` of a package lead to. */
function entriesOf(folder: string): { file: string; name: string }[] {
  const { name, exports } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    name: string;
    exports: Record<string, string | { import: { types: string } }>;
  };
  return Object.entries(exports).flatMap(([path, target]) => {
    if (typeof target === 'string') return [];
    const source = target.import.types.replace('dist/esm', 'src').replace(/\.d\.ts$/, '.ts');
    return [{ file: join(root, folder, source), name: join(name, path) }];
  });
}

type Part = readonly [ts.Symbol, Docstring['kind'], string];

function partsOf(symbol: ts.Symbol, checker: ts.TypeChecker): Part[] {
  const { name, flags } = symbol;
  const members = (of: ts.Type, kind: Docstring['kind'], is: ts.SymbolFlags): Part[] =>
    of
      .getProperties()
      .filter((member) => member.flags & is && isPublic(member))
      .map((member) => [member, kind, `${name}.${member.name}`]);
  if (flags & ts.SymbolFlags.Class) {
    const types = [checker.getDeclaredTypeOfSymbol(symbol), checker.getTypeOfSymbol(symbol)];
    return [
      [symbol, 'class', name],
      ...types.flatMap((type) => members(type, 'method', ts.SymbolFlags.Method)),
    ];
  }
  if (flags & ts.SymbolFlags.Function) return [[symbol, 'function', name]];
  if (flags & ts.SymbolFlags.Variable) return [[symbol, 'function', name]];
  const options = members(checker.getDeclaredTypeOfSymbol(symbol), 'option', ts.SymbolFlags.Property);
  return [[symbol, 'type', name], ...options];
}

function isPublic(symbol: ts.Symbol): boolean {
  const [declaration] = symbol.declarations ?? [];
  if (!declaration || !relative(root, declaration.getSourceFile().fileName).startsWith('packages/'))
    return false;
  if (ts.getJSDocTags(declaration).some(({ tagName }) => tagName.text === 'internal')) return false;
  const { Private, Protected } = ts.ModifierFlags;
  return (ts.getCombinedModifierFlags(declaration) & (Private | Protected)) === 0;
}

/** As written: to TypeScript's own reader of docstrings a decorator at the beginning of a line is the next tag. */
function examplesOf(symbol: ts.Symbol): Docstring['examples'] {
  const docs = new Set((symbol.declarations ?? []).flatMap((each) => ts.getJSDocCommentsAndTags(each)));
  return [...docs].filter(ts.isJSDoc).flatMap((doc) => {
    const source = doc.getSourceFile();
    const first = source.getLineAndCharacterOfPosition(doc.getStart()).line;
    const lines = doc
      .getText()
      .replace(/\s*\*\/$/, '')
      .split('\n')
      .map((line) => line.replace(/^\s*(\/\*\*|\*) ?/, ''));
    const tags = lines.flatMap((line, at) => (/^@[a-z]\w*(\s|$)/.test(line) ? [at] : []));
    return tags
      .filter((at) => /^@example\b/.test(lines[at] as string))
      .map((at) => ({
        file: relative(root, source.fileName),
        line: first + at + 1,
        code: lines
          .slice(
            at,
            tags.find((next) => next > at),
          )
          .join('\n')
          .replace(/^@example\s*/, '')
          .replaceAll('\\@', '@')
          .trim(),
      }));
  });
}
