import { BackstoryError } from '../errors.js';
import { beforeTheFirst, blockHash, type SealBlock } from './block.js';
import type { SealDifference } from './seal-difference.js';
import type { SealDigest } from './seal-digest.js';

/** Whether each block follows the one before it, and is the one that its digest knows. */
export class SealChain {
  last: SealBlock | undefined;
  private readonly known: Map<number, SealDigest>;
  private compared = 0;
  private comparedTo = '0';
  /** No digest is of another block. */
  agrees = true;

  constructor(
    digests: readonly SealDigest[] | undefined,
    private readonly differs: (difference: SealDifference) => void,
  ) {
    if (digests?.length === 0) {
      throw new BackstoryError(
        'DIGEST_UNREADABLE',
        'There is no digest where they were looked for.',
        'Give the digests as they were written, or none.',
      );
    }
    this.known = new Map();
    for (const digest of digests ?? []) {
      const other = this.known.get(digest.block);
      if (other && other.hash !== digest.hash)
        this.say('digest', digest.block, digest.from, 'the digests from outside name two different blocks');
      this.known.set(digest.block, other ?? digest);
    }
  }

  add(block: SealBlock): void {
    const { last } = this;
    const number = (last?.number ?? 0) + 1;
    const from = String(BigInt(last?.to ?? 0) + 1n);
    if (block.number !== number) {
      const gone =
        block.number === number + 1 ? `block ${number}` : `blocks ${number} to ${block.number - 1}`;
      this.say(
        'block',
        number,
        from,
        `${gone} (positions ${from} to ${BigInt(block.from) - 1n}) is not here`,
      );
    } else {
      if (block.from !== from)
        this.say('block', number, block.from, `it begins at position ${block.from}, not at ${from}`);
      if (block.previous !== (last?.hash ?? beforeTheFirst))
        this.say('block', number, block.from, 'the block before it is not the one that it was sealed behind');
    }
    if (blockHash(block) !== block.hash)
      this.say('block', block.number, block.from, 'it is not what its own hash says');
    this.compare(block);
    this.last = block;
  }

  /** When there are no more blocks. */
  end(): { compared: number; to: string } {
    for (const { block, from, to } of this.known.values()) {
      this.say('digest', block, from, `it is not here, but its digest (positions ${from} to ${to}) is`);
    }
    return this.soFar();
  }

  /** Digests that were compared, and up to which position they prove it. */
  soFar(): { compared: number; to: string } {
    return { compared: this.compared, to: this.comparedTo };
  }

  private compare(block: SealBlock): void {
    const digest = this.known.get(block.number);
    if (!digest) return;
    this.known.delete(block.number);
    this.compared++;
    if (digest.hash === block.hash) {
      if (this.agrees) this.comparedTo = block.to;
      return;
    }
    this.agrees = false;
    const problem = 'it is another one than its digest from outside says: it was made anew';
    this.say('digest', block.number, block.from, problem);
  }

  private say(kind: 'block' | 'digest', block: number, position: string, problem: string): void {
    this.differs({ kind, position, block, problem });
  }
}
