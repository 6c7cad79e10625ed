import { createHash } from 'node:crypto';
import { merklePath, merkleRoot, nodeAt } from './merkle-tree.js';

const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const leaf = (index: number): Buffer => sha256(Buffer.from(`leaf ${index}`));

/** As RFC 6962 defines it, of leaves that are hashes already. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0] as Buffer;
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1));
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

describe('a Merkle tree', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 9, 13, 64, 100])(
    'of %i leaves has the root of RFC 6962, and a path for each',
    (count) => {
      const leaves = Array.from({ length: count }, (_, index) => leaf(index));
      const level = Buffer.concat(leaves);
      const root = merkleRoot(level);
      expect(root.toString('hex')).toBe(rootOf(leaves).toString('hex'));
      for (const [index, own] of leaves.entries()) {
        expect(Buffer.from(nodeAt(level, index), 'latin1')).toEqual(own);
        const reached = merklePath(level, index).reduce((node, { side, hash }) => {
          const beside = Buffer.from(hash, 'hex');
          return side === 'left' ? sha256(Buffer.of(1), beside, node) : sha256(Buffer.of(1), node, beside);
        }, own);
        expect(reached.equals(root)).toBe(true);
      }
    },
  );
});
