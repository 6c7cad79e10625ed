import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { BackstoryError } from '../errors.js';
import type { FileStore } from './file-store.js';

/** Ends the name of what is being written: nobody takes it for a file of the export. */
const unfinished = '.unfinished';

/**
 * A folder, which is made when the first file comes. A file counts as written when it is on the disk; until then it has another name.
 * @example await backstory.files.export(folderFiles('lake/shop'));
 */
export function folderFiles(folder: string): FileStore {
  const root = resolve(folder);
  const inFolder = (name: string): string => {
    const path = resolve(root, name);
    if (path.startsWith(`${root}${sep}`)) return path;
    throw new BackstoryError(
      'EXPORT_UNREADABLE',
      `"${name}" is outside of ${folder}.`,
      'Somebody has written it into the manifest by hand: take the export from where it was made.',
    );
  };
  return {
    put: async (name, body) => {
      const path = inFolder(name);
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(`${path}${unfinished}`, 'w');
      try {
        await handle.writeFile(body);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(`${path}${unfinished}`, path);
      await syncFolder(dirname(path));
    },
    get: async (name) => readFile(inFolder(name)).catch(unlessMissing(undefined)),
    list: async (prefix) => {
      const found = await readdir(root, { recursive: true, withFileTypes: true }).catch(unlessMissing([]));
      return found
        .filter((each) => each.isFile() && !each.name.endsWith(unfinished))
        .map((each) => relative(root, resolve(each.parentPath, each.name)).split(sep).join('/'))
        .filter((name) => name.startsWith(prefix))
        .sort();
    },
  };
}

function unlessMissing<Value>(instead: Value): (error: unknown) => Value {
  return (error) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return instead;
    throw error;
  };
}

/** So that the name itself is there after a crash. Not every system lets a folder be synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
