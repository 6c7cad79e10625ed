import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackstoryError } from '../errors.js';
import { otherDigest } from './other-digest.js';
import type { DigestStore, SealDigest } from './seal-digest.js';

/**
 * Digests as lines of JSON in a file, which is only appended to: a digest counts as written when it is on the disk. A line that a
 * crash has cut stays, and its digest is written again behind it.
 * @example await backstory.seals.seal({ digest: fileDigests('digests.jsonl') });
 */
export function fileDigests(file: string): DigestStore {
  return { write: (digest) => append(file, digest), read: async () => (await readDigestFile(file)).digests };
}

async function append(file: string, digest: SealDigest): Promise<void> {
  const handle = await open(file, 'a+');
  try {
    const { size } = await handle.stat();
    const known = linesOf(await handle.readFile('utf8')).find(({ block }) => block === digest.block);
    if (known && known.hash !== digest.hash) throw otherDigest(digest, known.hash, file);
    const end = Buffer.alloc(1);
    if (size > 0) await handle.read(end, 0, 1, size - 1);
    const isCut = size > 0 && end[0] !== 0x0a;
    if (!known) await handle.appendFile(`${isCut ? '\n' : ''}${JSON.stringify(digest)}\n`);
    // also one that is there: whoever wrote it may have crashed before it was on the disk
    await handle.sync();
    if (size === 0) await syncFolder(dirname(file));
  } finally {
    await handle.close();
  }
}

/** So that the file itself is there after a crash. Not every system lets a folder be synced. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

/** What is in such a file, and how many of its lines are no digests: a crash has cut them, or somebody. @throws BackstoryError DIGEST_UNREADABLE */
export async function readDigestFile(file: string): Promise<{ digests: SealDigest[]; unreadable: number }> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new BackstoryError(
      'DIGEST_UNREADABLE',
      `${file} can't be read: ${(error as Error).message}.`,
      'Name the file with the digests.',
      { cause: error },
    );
  });
  try {
    const text = await handle.readFile('utf8');
    const digests = linesOf(text);
    const cut = text.split('\n').filter((line) => line.trim() !== '').length - digests.length;
    // a crash cuts one line in a long while; a file of such lines is another one
    if (cut <= Math.max(1, digests.length / 10)) return { digests, unreadable: cut };
    throw new BackstoryError(
      'DIGEST_UNREADABLE',
      `${file} has ${cut} lines that are no digests.`,
      'Name the file with the digests as they were written.',
    );
  } finally {
    await handle.close();
  }
}

function linesOf(text: string): SealDigest[] {
  return text.split('\n').flatMap((line) => {
    try {
      return line.trim() === '' ? [] : [JSON.parse(line) as SealDigest];
    } catch {
      return [];
    }
  });
}
