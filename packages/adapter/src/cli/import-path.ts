import { dirname, relative, resolve } from 'node:path';
import { isEsModule } from './configuration-file.js';

/** A file as an import of another says it: from that one's folder, without an extension that a compiler changes, or with what it becomes in an ES module. */
export function importPath(from: string, file: string): string {
  const path = relative(dirname(resolve(from)), resolve(file))
    .replaceAll('\\', '/')
    .replace(/\.([cm]?)ts$/, isEsModule(from) ? '.$1js' : '');
  return path.startsWith('.') ? path : `./${path}`;
}
