import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { fileDigests, readDigestFile } from './file-digests.js';
import type { DigestStore, SealDigest } from './seal-digest.js';

/** A file, a store, or a function that writes one digest. */
export type DigestTarget = string | DigestStore | ((digest: SealDigest) => void | Promise<void>);

/** Digests to compare with: a file, a store that can be read, or themselves. */
export type DigestSource = string | DigestStore | readonly SealDigest[];

export interface FoundDigests {
  readonly digests: readonly SealDigest[];
  /** Lines that are none. */
  readonly unreadable: number;
}

export function storeOf(target: DigestTarget): DigestStore {
  if (typeof target === 'string') return fileDigests(target);
  if (typeof target === 'function') return { write: async (digest) => target(digest) };
  return target;
}

/** @throws InvalidOptionsError for a store that can only be written; BackstoryError DIGEST_UNREADABLE */
export async function readDigests(source: DigestSource): Promise<FoundDigests> {
  if (typeof source === 'string') {
    const { digests, unreadable } = await readDigestFile(source);
    return { digests: digests.map(required), unreadable };
  }
  if (!('write' in source)) return { digests: source.map(required), unreadable: 0 };
  if (!source.read) {
    throw new InvalidOptionsError(
      'The digests can only be written where they are.',
      'Give those that you have kept: a file of them (--digest), or { digest: [...] }.',
    );
  }
  return { digests: (await source.read()).map(required), unreadable: 0 };
}

function required(digest: SealDigest): SealDigest {
  const { format, block, hash } = digest as Partial<SealDigest>;
  if (format === 'backstory-digest-1' && Number.isInteger(block) && /^[0-9a-f]{64}$/.test(hash ?? ''))
    return digest;
  throw new BackstoryError(
    'DIGEST_UNREADABLE',
    `This is no digest that this version knows: ${JSON.stringify(digest).slice(0, 200)}.`,
    'Give the digests as they were written. Those of a newer version need a newer @backstory/adapter.',
  );
}
