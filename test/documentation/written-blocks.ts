import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import type { CodeBlock } from './code-blocks.js';
import { moduleOfBlock } from './module-of-block.js';

const root = join(__dirname, '../..');

/** Blocks in TypeScript, each as a module of its own in a folder that is removed in the end. */
export class WrittenBlocks {
  private readonly folder: string;
  private readonly files: string[] = [];

  /** @param takenForGranted - files whose exports a block may use without an import; the last one exports them all */
  constructor(
    name: string,
    private readonly takenForGranted: readonly string[],
  ) {
    this.folder = join(__dirname, 'generated', name);
  }

  write(blocks: readonly CodeBlock[]): void {
    this.remove();
    mkdirSync(this.folder, { recursive: true });
    const names = new Set(this.takenForGranted.flatMap((file) => exportsOf(join(__dirname, file))));
    const from = `../../${this.takenForGranted.at(-1)?.replace(/\.ts$/, '.js')}`;
    for (const block of blocks) {
      writeFileSync(this.fileOf(block), moduleOfBlock(block, [...names], from));
      this.files.push(this.fileOf(block));
    }
  }

  fileOf({ page, line }: CodeBlock): string {
    return join(this.folder, `${page.replace(/\W/g, '-')}-${line}.ts`);
  }

  typeErrors(): string[] {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) => ts.sys.readFile(file));
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const program = ts.createProgram(this.files, { ...options, noEmit: true, noImplicitAny: false });
    return this.files.flatMap((file) =>
      ts.getPreEmitDiagnostics(program, program.getSourceFile(file)).map(({ messageText, start }) => {
        const text = readFileSync(file, 'utf8');
        return `${text.split('\n')[0]} near "${text.slice(start, (start ?? 0) + 40)}": ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      }),
    );
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function exportsOf(file: string): string[] {
  const program = ts.createProgram([file], { noEmit: true, skipLibCheck: true, noResolve: true });
  const checker = program.getTypeChecker();
  const symbol = checker.getSymbolAtLocation(program.getSourceFile(file) as ts.SourceFile);
  const unknown = new Set(['before', 'openShop', 'closeShop', 'dropShop', 'openBackstory', 'reconnect']);
  return (symbol ? checker.getExportsOfModule(symbol) : [])
    .map(({ name }) => name)
    .filter((name) => !unknown.has(name));
}
