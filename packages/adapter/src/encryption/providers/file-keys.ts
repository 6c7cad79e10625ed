import { randomBytes } from 'node:crypto';
import { link, open, rm, writeFile } from 'node:fs/promises';
import { BackstoryError } from '../../errors.js';
import type { KeyProvider } from './key-provider.js';
import { parseSecrets } from './parse-secrets.js';
import { secretKeys } from './secret-keys.js';

/**
 * For development: wraps data keys with AES-256-GCM under a key in a local file, which is made with mode 0600 where it isn't there
 * when something is first wrapped.
 * A line for each key, `id=base64` of 32 bytes; the first wraps, all of them unwrap. One that its group or others may read is
 * refused, but on Windows, which has no such modes. Keep it out of version control and out of the database's backups.
 * @throws when first used, BackstoryError KEYS_UNUSABLE
 * @example await createBackstory(dataSource, { encryption: { keys: fileKeys('backstory.keys') } });
 */
export function fileKeys(file: string): KeyProvider {
  return secretKeys(async (use) => parseSecrets(await contentOf(file, use), file), file);
}

async function contentOf(file: string, use: 'wrap' | 'unwrap'): Promise<string> {
  for (;;) {
    const handle = await open(file, 'r').catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw unreadable(file, (error as Error).message, error);
    });
    if (!handle) {
      if (use === 'unwrap') throw missing(file);
      await make(file);
      continue;
    }
    try {
      const { mode } = await handle.stat();
      if (process.platform !== 'win32' && (mode & 0o077) !== 0)
        throw unreadable(
          file,
          `others may read it, its mode is ${(mode & 0o777).toString(8).padStart(4, '0')}`,
        );
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  }
}

/** Whole or not at all, and by one of those who do it at the same time: a link to a file that is there fails. */
async function make(file: string): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  // by its id nobody takes it for another one of the same day
  const id = `${new Date().toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`;
  const line = `${id}=${randomBytes(32).toString('base64')}\n`;
  try {
    await writeFile(draft, line, { flag: 'wx', mode: 0o600, flush: true });
    await link(draft, file).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  } catch (error) {
    throw unreadable(file, `it isn't there, and can't be made: ${(error as Error).message}`, error);
  } finally {
    await rm(draft, { force: true });
  }
}

/** One that is made now has wrapped nothing. */
function missing(file: string): BackstoryError {
  return new BackstoryError(
    'KEYS_UNUSABLE',
    `There is no file ${file}, and something is to be unwrapped with the keys in it.`,
    'Put it back, or name the one that relays use: a new one would have other keys.',
  );
}

function unreadable(file: string, why: string, cause?: unknown): BackstoryError {
  return new BackstoryError(
    'KEYS_UNUSABLE',
    `The keys of ${file} can't be used: ${why}.`,
    `Let it belong to the user that runs the application, with: chmod 600 ${file}`,
    { cause },
  );
}
