export type { SealBlock } from './block.js';
export { gapsOf, gapsText, positionsBeside } from './gaps.js';
export { isMarkedErased } from './is-marked-erased.js';
export type { SealedEvent } from './leaf.js';
export { PageLength } from './page-length.js';
export {
  encodingCheck,
  type EventAtPosition,
  isStandIn,
  nextPosition,
  pinForSeals,
  readSealedEvents,
} from './read-sealed-events.js';
export { readBlockHeaders } from './seal-block.js';
export { settledPosition } from './settled-position.js';
export type { DigestSource, DigestTarget } from './digest-target.js';
export { fileDigests } from './file-digests.js';
export type { MerkleStep } from './merkle-tree.js';
export {
  type DigestObject,
  objectDigests,
  type ObjectClient,
  type ObjectCommandClient,
  type ObjectDigestOptions,
} from './object-digests.js';
export type { SealDifference } from './seal-difference.js';
export type { DigestStore, SealDigest } from './seal-digest.js';
export { sealEvents, type SealOptions, type SealReport } from './seal-events.js';
export { proveEvent, type SealProof } from './seal-proof.js';
export { readSealStatus, readSealWriters, type SealStatus } from './seal-status.js';
export { type DigestDatabase, tableDigests } from './table-digests.js';
export { verifySeals, type SealVerification, type SealVerifyOptions } from './verify-seals.js';
