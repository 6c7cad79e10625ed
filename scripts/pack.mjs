import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

/**
 * Packs built libraries as they would be published.
 * @param {string[]} libraries folders of packages
 * @param {string} destination an existing folder
 * @returns {Promise<string[]>} the paths of the tarballs
 */
export async function pack(libraries, destination) {
  return Promise.all(
    libraries.map(async (library) => {
      if (!existsSync(path.join(library, 'dist')))
        throw new Error(`${library} is not built: run "npm run build".`);
      const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', path.resolve(destination)];
      const { stdout } = await promisify(execFile)('npm', args, { cwd: library });
      /** @type {[{ filename: string }]} */
      const [{ filename }] = JSON.parse(stdout);
      return path.resolve(destination, filename);
    }),
  );
}
