import type { SealBlock } from './block.js';

/** What is kept outside of the database: who has it can tell whether anything up to this block was changed since. */
export interface SealDigest {
  readonly format: 'backstory-digest-1';
  /** The schema of Backstory's tables. */
  readonly schema: string;
  /** Number of the block, from 1. */
  readonly block: number;
  /** First and last position of the block. */
  readonly from: string;
  readonly to: string;
  readonly events: number;
  /** The hash of the block, which holds those of all blocks before it, in hexadecimal digits. */
  readonly hash: string;
  /** ISO 8601, by the clock of the database. */
  readonly sealedAt: string;
}

/** Where digests are kept, such as made by `fileDigests`, `tableDigests` or `objectDigests`. */
export interface DigestStore {
  /**
   * Resolves when it is there to stay. Called in the order of blocks, one at a time, and again for the same digest where it
   * isn't known whether it came to it.
   * @throws anything: the next run tries it again, and nothing is left out
   */
  write(digest: SealDigest): Promise<void>;
  /** All that are there. Needed by verify only. */
  read?(): Promise<readonly SealDigest[]>;
}

export function digestOf(block: SealBlock, schema: string): SealDigest {
  const { number, from, to, events, hash, sealedAt } = block;
  return { format: 'backstory-digest-1', schema, block: number, from, to, events, hash, sealedAt };
}
