import ts from 'typescript';
import type { CodeBlock } from './code-blocks.js';

/** Where the pages' own files are, seen from a generated module. */
const files = ['./data-source.js', '../app.module.js', '../orders/order.entity.js'];
const shop = '../../taken-for-granted.js';

/**
 * A module that runs a block: its imports, what the page takes for granted, and the rest in a function.
 * An instance that the block has opened is returned, so that it can be closed.
 */
export function moduleOfBlock(
  { page, line, code }: CodeBlock,
  takenForGranted: readonly string[],
  from: string = shop,
): string {
  const source = ts.createSourceFile('block.ts', code, ts.ScriptTarget.ES2022, true);
  const isImport = (statement: ts.Statement): boolean => ts.isImportDeclaration(statement);
  const text = (statement: ts.Statement): string => statement.getFullText(source).replace(/^\n+/, '');
  const own = namesIn(source, declares);
  const used = namesIn(source, ts.isIdentifier);
  const granted = takenForGranted.filter((name) => used.has(name) && !own.has(name));
  const imports = source.statements
    .filter(isImport)
    .map(text)
    .join('\n')
    .replace(/'(\.[^']*)'/g, (all, path: string) => (files.includes(path) ? `'${shop}'` : all));
  const body = source.statements.filter((statement) => !isImport(statement)).map(text);
  return [
    `// ${page}:${line}`,
    imports,
    granted.length > 0 ? `import { ${granted.join(', ')} } from '${from}';` : '',
    `export async function run() {`,
    ...body.map((statement) => statement.replace(/^export (default |(?=class|const|function))/m, '')),
    own.has('backstory') ? 'return backstory;' : 'return undefined;',
    '}',
  ].join('\n');
}

/** Names that a block declares or imports itself, at its top. */
function declares(node: ts.Node): node is ts.Identifier {
  if (!ts.isIdentifier(node)) return false;
  const { parent } = node;
  return (
    (ts.isImportSpecifier(parent) && parent.name === node) ||
    ((ts.isVariableDeclaration(parent) || ts.isClassDeclaration(parent) || ts.isBindingElement(parent)) &&
      parent.name === node)
  );
}

function namesIn(source: ts.SourceFile, is: (node: ts.Node) => node is ts.Identifier): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (is(node)) names.add(node.text);
    node.forEachChild(visit);
  };
  visit(source);
  return names;
}
