import { BackstoryError } from '../errors.js';
import type { SealDigest } from './seal-digest.js';

/** There is a digest of this block already, and it is another one. */
export function otherDigest({ block, to, hash }: SealDigest, known: string, where: string): BackstoryError {
  return new BackstoryError(
    'DIGEST_DIFFERS',
    `${where} has another digest of block ${block} (up to position ${to}) than the one that was to be written: ${known}, not ${hash}.`,
    'Somebody has made blocks anew, or the database has lost events (a restore, a failover): run "npx backstory seal verify" with the digests. If it is known why, keep the old digests, and write the new ones elsewhere.',
  );
}
