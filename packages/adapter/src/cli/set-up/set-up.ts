import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { InvalidOptionsError } from '../../errors.js';
import { formatOf } from '../configuration-file.js';
import { importPath } from '../import-path.js';
import { migrationText } from '../migration-text.js';
import { addToModule, importLines, type ModuleLine, moduleExpression } from './add-to-module.js';
import { changedLines } from './changed-lines.js';
import type { RootModule } from './root-module.js';
import type { FileChange } from './write-files.js';

/** Where the configuration usually goes: beside a root module in TypeScript, which imports it. */
export function usualConfiguration(module: RootModule | undefined): string {
  return module ? join(dirname(module.file), 'backstory.config.ts') : 'backstory.config.js';
}

/** @throws InvalidOptionsError for one that is there */
export function requireFree(file: string): void {
  if (!existsSync(file)) return;
  throw new InvalidOptionsError(
    `${file} is there already.`,
    'Look at the proposal with --dry-run, write another file with --out, or write over it with --force.',
  );
}

/** The root module as it would be; undefined where it has to be edited by hand. */
export function moduleChange(
  module: RootModule | undefined,
  configuration: string,
  installedByMigration: boolean,
): FileChange | undefined {
  // an application in TypeScript need not understand what is exported in CommonJS
  if (!module || formatOf(configuration) !== 'typescript') return undefined;
  const text = addToModule(module.source, lineOf(module.file, configuration, installedByMigration));
  return text === undefined ? undefined : { file: module.file, text, before: module.source };
}

/** What goes and comes. */
export function changeInWords({ file, before = '', text }: FileChange): string {
  return `${file}:\n${changedLines(before, text)}\n`;
}

/** What somebody has to put into the root module. */
export function moduleByHand(configuration: string, installedByMigration: boolean): string {
  const line = lineOf('src/app.module.ts', configuration, installedByMigration);
  return `${importLines(line).join('\n')}\n\n@Module({ imports: [ …, ${moduleExpression(line)}] })\n`;
}

/** A migration that installs what this configuration says. */
export function migrationFile(folder: string, configuration: string, schema: string | undefined): FileChange {
  const timestamp = Date.now();
  const isTypeScript = formatOf(configuration) === 'typescript';
  const file = join(folder, `${timestamp}-install-backstory.${isTypeScript ? 'ts' : 'js'}`);
  const text = migrationText({
    timestamp,
    format: formatOf(file),
    configuration: importPath(file, configuration),
    ...(schema !== undefined && { schema }),
  });
  return { file, text, before: undefined };
}

function lineOf(module: string, configuration: string, installedByMigration: boolean): ModuleLine {
  return { configuration: importPath(module, configuration), installedByMigration };
}
