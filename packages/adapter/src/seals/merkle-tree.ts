import { inHex, sealHash } from './seal-hash.js';

const size = 32;

/** A step from a leaf to the root: what stands beside it there, and on which side. */
export interface MerkleStep {
  readonly side: 'left' | 'right';
  readonly hash: string;
}

/**
 * The root of a tree over leaves of 32 bytes each. Two neighbours make the one above them, SHA-256 of the byte 1, the left and
 * the right; the last of an odd number goes up as it is, as in RFC 6962.
 */
export function merkleRoot(leaves: Buffer): Buffer {
  let level = leaves;
  while (level.length > size) level = levelAbove(level);
  return Buffer.from(level);
}

/** From the leaf at an index to the root. */
export function merklePath(leaves: Buffer, index: number): MerkleStep[] {
  const path: MerkleStep[] = [];
  for (let level = leaves, at = index; level.length > size; level = levelAbove(level), at >>= 1) {
    const beside = nodeAt(level, at ^ 1);
    if (beside.length > 0) path.push({ side: at % 2 === 1 ? 'left' : 'right', hash: inHex(beside) });
  }
  return path;
}

/** As {@link sealHash} gives it; empty where there is none. */
export function nodeAt(level: Buffer, index: number): string {
  return level.toString('latin1', index * size, (index + 1) * size);
}

function levelAbove(level: Buffer): Buffer {
  const nodes = level.length / size;
  const above = Buffer.allocUnsafe(Math.ceil(nodes / 2) * size);
  const pair = Buffer.allocUnsafe(1 + 2 * size);
  pair[0] = 1;
  for (let node = 0; node + 1 < nodes; node += 2) {
    level.copy(pair, 1, node * size, (node + 2) * size);
    above.write(sealHash(pair), (node / 2) * size, 'latin1');
  }
  if (nodes % 2 === 1) level.copy(above, above.length - size, level.length - size);
  return above;
}
