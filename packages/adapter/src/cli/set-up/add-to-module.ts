import { codeOnly, matchingBracket } from './matching-bracket.js';

/** What a root module is to import. */
export interface ModuleLine {
  /** How its file imports the options: `./backstory.config`. */
  readonly configuration: string;
  /** That a migration installs, and the start only looks. */
  readonly installedByMigration: boolean;
}

const ours = '@backstory/nest-module';

/** The expression that stands among the imports of a root module. */
export function moduleExpression({ installedByMigration }: ModuleLine): string {
  return `BackstoryModule.forRoot(${installedByMigration ? "{ ...backstoryOptions, install: 'check' }" : 'backstoryOptions'})`;
}

/** The lines that go with it at the top of the file. */
export function importLines(line: ModuleLine, quote = "'", semicolon = ';'): string[] {
  return [
    `import { BackstoryModule } from ${quote}${ours}${quote}${semicolon}`,
    `import backstoryOptions from ${quote}${line.configuration}${quote}${semicolon}`,
  ];
}

/**
 * The source of a root module in TypeScript with BackstoryModule as the last of its imports, and nothing else changed. Undefined where it
 * isn't of the form that is known for sure: one `@Module({ imports: […] })`, and import declarations at the top.
 */
export function addToModule(source: string, line: ModuleLine): string | undefined {
  const code = codeOnly(source);
  if (/\bBackstoryModule\b/.test(code)) return undefined;
  const decorators = [...code.matchAll(/@Module\s*\(\s*\{/g)];
  const [decorator] = decorators;
  if (!decorator || decorators.length > 1) return undefined;
  const open = decorator.index + decorator[0].length - 1;
  const list = importsOf(source, code, open);
  const top = endOfImports(source, code);
  if (!list || top === undefined) return undefined;
  const newline = source.includes('\r\n') ? '\r\n' : '\n';
  const withModule = withLast(source, code, list, moduleExpression(line), newline);
  const declarations = source.slice(0, top);
  const quote = /from\s+"/.test(declarations) ? '"' : "'";
  const semicolon = /;\s*$/.test(declarations) ? ';' : '';
  const esm = /from\s+['"]\.[^'"]*\.js['"]/.test(declarations);
  const hasExtension = /\.[cm]?js$/.test(line.configuration);
  const named = { ...line, configuration: `${line.configuration}${esm && !hasExtension ? '.js' : ''}` };
  const lines = importLines(named, quote, semicolon).map((each) => newline + each);
  return declarations + lines.join('') + withModule.slice(top);
}

interface List {
  readonly open: number;
  readonly close: number;
}

/** The array after `imports:` of the object that begins at `open`, not of one inside of it. */
function importsOf(source: string, code: string, open: number): List | undefined {
  const end = matchingBracket(source, open);
  for (let at = open + 1; end !== undefined && at < end; at++) {
    if ('([{'.includes(code[at] ?? ' ')) {
      const close = matchingBracket(source, at);
      if (close === undefined) return undefined;
      if (/[{,]\s*imports\s*:\s*$/.test(code.slice(open, at)) && code[at] === '[') return { open: at, close };
      at = close;
    }
  }
  return undefined;
}

/** Behind the last import declaration. */
function endOfImports(source: string, code: string): number | undefined {
  const declarations = [...source.matchAll(/^import\b[^;'"]*(['"])[^'"\n]+\1(?:[ \t]*;)?/gm)];
  const last = declarations.filter(({ index }) => code.startsWith('import', index)).at(-1);
  if (!last) return undefined;
  const end = last.index + last[0].length;
  return source[end] === ')' ? undefined : end;
}

function withLast(
  source: string,
  code: string,
  { open, close }: List,
  element: string,
  newline: string,
): string {
  const elements = code.slice(open + 1, close).trimEnd();
  const end = open + 1 + elements.length;
  const behind = source.slice(end, close).trimEnd();
  const rest = source.slice(close);
  if (elements.trim() === '') return `${source.slice(0, close).trimEnd()}${element}${rest}`;
  const before = `${source.slice(0, end)}${elements.endsWith(',') ? '' : ','}${behind}`;
  const inside = source.slice(open + 1, close);
  if (!inside.includes('\n')) return `${before} ${element}${rest}`;
  const margin = lineIndentation(source, close);
  return `${before}${newline}${indentation(inside) ?? `${margin}  `}${element},${newline}${margin}${rest}`;
}

/** Of the first element that stands on a line of its own. */
function indentation(inside: string): string | undefined {
  return /\n([ \t]+)\S/.exec(inside)?.[1];
}

/** Of the line that `at` is in. */
function lineIndentation(source: string, at: number): string {
  return /^[ \t]*/.exec(source.slice(source.lastIndexOf('\n', at - 1) + 1))?.[0] ?? '';
}
