import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { InvalidOptionsError } from '../errors.js';
import type { ModuleFormat } from '../proposal/index.js';

const formats: Readonly<Record<string, ModuleFormat>> = {
  '.cjs': 'commonjs',
  '.cts': 'typescript',
  '.mjs': 'module',
  '.mts': 'typescript',
  '.ts': 'typescript',
};

/**
 * How a configuration file is to be written for Node.js to load it there: by its name, or for `.js` as the nearest
 * package.json says.
 */
export function formatOf(file: string): ModuleFormat {
  const extension = extname(file);
  const format = formats[extension];
  if (format) return format;
  if (extension === '.js') return nearestType(dirname(resolve(file))) === 'module' ? 'module' : 'commonjs';
  throw new InvalidOptionsError(
    `${file} is no name of a JavaScript or TypeScript file.`,
    'Use one such as backstory.config.js.',
  );
}

/** Whether Node.js takes what this file is, or is compiled to, for an ES module: there imports name their files with the extension. */
export function isEsModule(file: string): boolean {
  const [, kind] = /\.([cm])?[jt]s$/.exec(file) ?? [];
  return kind === undefined ? nearestType(dirname(resolve(file))) === 'module' : kind === 'm';
}

function nearestType(folder: string): string | undefined {
  const file = join(folder, 'package.json');
  if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { type?: string }).type;
  return dirname(folder) === folder ? undefined : nearestType(dirname(folder));
}
