import ts from 'typescript';
import type { CodeBlock } from './code-blocks.js';
import type { Docstring, PublicFace } from './docstrings.js';

/** An example as code of a user: with imports of what the packages export, and around it what its kind needs. */
export function blockOfExample(
  { name, kind }: Pick<Docstring, 'name' | 'kind'>,
  { file, line, code }: Docstring['examples'][number],
  { packageOf }: Pick<PublicFace, 'packageOf'>,
): CodeBlock {
  const [owner = name] = name.split('.');
  const body =
    kind === 'option'
      ? `const options = { ${code} } satisfies Partial<${owner}>;`
      : kind === 'type' && code.startsWith('{')
        ? `const value = ${code} satisfies ${owner};`
        : isOfClass(code)
          ? `class Example {\n${code}\n}`
          : code;
  const imports = [...identifiersIn(body)]
    .filter((each) => packageOf.has(each))
    .map((each) => `import { ${each} } from '${packageOf.get(each)}';`);
  return {
    page: file,
    line,
    language: 'ts',
    code: [...imports, body].join('\n'),
    before: undefined,
    file: undefined,
  };
}

const parse = (code: string): ts.SourceFile =>
  ts.createSourceFile('example.ts', code, ts.ScriptTarget.ES2022, true);

/** Methods with their decorators, such as `@OnEvent('OrderShipped') async mail() {}`. */
function isOfClass(code: string): boolean {
  const { parseDiagnostics } = parse(code) as unknown as { parseDiagnostics: readonly unknown[] };
  return parseDiagnostics.length > 0;
}

function identifiersIn(code: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    node.forEachChild(visit);
  };
  visit(parse(code));
  return names;
}
