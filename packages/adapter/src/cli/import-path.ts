import { dirname, relative, resolve } from 'node:path';

/** A file as an import of another says it: from that one's folder, without an extension that a compiler changes. */
export function importPath(from: string, file: string): string {
  const path = relative(dirname(resolve(from)), resolve(file))
    .replaceAll('\\', '/')
    .replace(/\.[cm]?ts$/, '');
  return path.startsWith('.') ? path : `./${path}`;
}
