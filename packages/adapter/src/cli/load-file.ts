import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidOptionsError } from '../errors.js';
import { isDataSource } from '../connections/index.js';
import { loadTypeScript } from './load-typescript.js';

/** What a file of the application exports: compiled, or TypeScript where something there loads it. @throws InvalidOptionsError */
export async function loadFile(file: string): Promise<Record<string, unknown>> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new InvalidOptionsError(
      `There is no file ${path}.`,
      'Give the path of a file, from the current folder: the compiled JavaScript, or the source where ts-node is installed.',
    );
  }
  const exports = /\.[cm]?ts$/.test(path)
    ? loadTypeScript(path)
    : ((await import(pathToFileURL(path).href)) as Record<string, unknown>);
  // A CommonJS module's exports stand under "default", and its own default export under that.
  const commonJs = exports['default'];
  return typeof commonJs === 'object' && commonJs !== null && !isDataSource(commonJs)
    ? { ...exports, ...(commonJs as Record<string, unknown>) }
    : exports;
}
