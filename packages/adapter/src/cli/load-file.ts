import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { InvalidOptionsError } from '../errors.js';
import { isDataSource } from '../typeorm/index.js';

/** What a compiled file of the application exports. @throws InvalidOptionsError */
export async function loadFile(file: string): Promise<Record<string, unknown>> {
  const path = resolve(file);
  if (!existsSync(path)) {
    throw new InvalidOptionsError(
      `There is no file ${path}.`,
      'Give the path of the compiled JavaScript file, from the current folder.',
    );
  }
  const exports = (await import(pathToFileURL(path).href).catch((error: unknown) => {
    if ((error as { code?: string }).code !== 'ERR_UNKNOWN_FILE_EXTENSION') throw error;
    throw new InvalidOptionsError(
      `Node.js can't load ${path}.`,
      'Name the compiled JavaScript file (.js, .cjs or .mjs), not its source.',
    );
  })) as Record<string, unknown>;
  // A CommonJS module's exports stand under "default", and its own default export under that.
  const commonJs = exports['default'];
  return typeof commonJs === 'object' && commonJs !== null && !isDataSource(commonJs)
    ? { ...exports, ...(commonJs as Record<string, unknown>) }
    : exports;
}
