import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

/**
 * Where a compiler puts a source, as it has put another one: `dist/backstory.config.js` for `src/backstory.config.ts`, where
 * `dist/data-source.js` comes from `src/data-source.ts`. The file itself where it isn't TypeScript, and where that can't be told: then
 * the application's own loader is for it.
 */
export function compiledFile(source: string, other: string): string {
  if (!isTypeScript(source) || isTypeScript(other)) return source;
  const [output = '', ...compiled] = relative('.', other).split(sep);
  const [folder = '', ...file] = relative('.', source).split(sep);
  const origin = compiled.join(sep).replace(/\.([cm]?)js$/, '.$1ts');
  const asJavaScript = (...path: string[]): string => join(output, ...path).replace(/\.([cm]?)ts$/, '.$1js');
  if (compiled.length === 0 || output === '..') return source;
  if (existsSync(join(folder, origin))) return asJavaScript(...file);
  return existsSync(origin) ? asJavaScript(folder, ...file) : source;
}

function isTypeScript(file: string): boolean {
  return /\.[cm]?ts$/.test(file);
}
