import { hash } from 'node:crypto';

/** What a block of sealed events says: of every position from its first to its last whether there is an event, and which. */
export interface SealBlock {
  /** From 1. */
  readonly number: number;
  readonly from: string;
  readonly to: string;
  readonly events: number;
  /** Positions without an event, ascending: `5-7,9`. Empty where there are none. */
  readonly gaps: string;
  /** Of the Merkle tree over its events, in hexadecimal digits. */
  readonly root: string;
  /** The hash of the block before; zeros in the first. */
  readonly previous: string;
  /** ISO 8601, by the clock of the database. */
  readonly sealedAt: string;
  readonly hash: string;
}

export const beforeTheFirst = '0'.repeat(64);

export function blockHash(block: Omit<SealBlock, 'hash'>): string {
  const { number, from, to, events, gaps, root, previous, sealedAt } = block;
  const header = ['backstory-block-1', `${number}`, from, to, `${events}`, gaps, root, previous, sealedAt];
  return hash('sha256', JSON.stringify(header), 'hex');
}
