import { randomFillSync } from 'node:crypto';

const length = 12;
const drawn = Buffer.alloc(length * 1000);
let used = drawn.length;

/** 96 random bits that were never given before. Drawn by the thousand: to ask for few bytes takes longer than to encrypt with them. */
export function nonce(): Buffer {
  if (used === drawn.length) {
    randomFillSync(drawn);
    used = 0;
  }
  return Buffer.from(drawn.subarray(used, (used += length)));
}
