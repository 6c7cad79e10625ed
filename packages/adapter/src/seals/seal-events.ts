import type { Database } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';
import type { ProgressOptions } from '../observation/index.js';
import { type DigestTarget, storeOf } from './digest-target.js';
import { lastBlock, sealBlock } from './seal-block.js';
import { publishDigests } from './publish-digests.js';
import { settledPosition } from './settled-position.js';

/** What it hears of are events that were sealed; the total is the number of positions that are to be, where some may be empty. */
export interface SealOptions extends ProgressOptions {
  /**
   * Where digests are kept: a file, a store (`fileDigests`, `tableDigests`, `objectDigests`), or a function that writes one.
   * Without it blocks are made, and their digests are written by the first run that has one.
   */
  digest?: DigestTarget;
  /** Events in a block, at most. @defaultValue 10 000 */
  blockSize?: number;
  /** How long to wait for open transactions that may still write, in milliseconds. @defaultValue 1000 */
  patienceMs?: number;
}

/** What a run has sealed. */
export interface SealReport {
  readonly blocks: number;
  readonly events: number;
  /** Up to which position, and when, the log is sealed now; null where nothing is. */
  readonly sealed: { readonly to: string; readonly at: string; readonly block: number } | null;
  /** Position of the newest event. What is between is sealed by the next run: transactions that may still write were open. */
  readonly newest: string;
  /** Digests that were written outside. */
  readonly digests: number;
  /** It was stopped by its signal, behind a block: the next run goes on. */
  readonly stopped?: true;
}

/**
 * Seals everything up to where the log can't get any further event, block by block, and writes the digests. A digest that could
 * not be written is no reason not to seal: the error comes at the end.
 * @throws BackstoryError SEAL_REFUSED, DIGEST_NOT_WRITTEN, DIGEST_DIFFERS
 */
export async function sealEvents(
  database: Database,
  schema: string,
  { digest, blockSize = 10_000, patienceMs = 1_000, signal, onProgress }: SealOptions,
): Promise<SealReport> {
  if (!Number.isInteger(blockSize) || blockSize < 1 || blockSize > 1_000_000) {
    throw new InvalidOptionsError(
      `blockSize: ${blockSize} is no number from 1 to 1 000 000.`,
      'Use a whole number.',
    );
  }
  const store = digest === undefined ? undefined : storeOf(digest);
  const failures: unknown[] = [];
  let digests = 0;
  const publish = async (): Promise<void> => {
    if (!store || failures.length > 0) return;
    await publishDigests(database, schema, store).then(
      (written) => void (digests += written),
      (error: unknown) => void failures.push(error),
    );
  };
  const before = await lastBlock(database, schema);
  const { settled, newest } = await settledPosition(database, schema, BigInt(before?.to ?? 0), patienceMs);
  await publish();
  let blocks = 0;
  let events = 0;
  let stopped = false;
  const total = Number(settled - BigInt(before?.to ?? 0));
  onProgress?.({ done: 0, total, unit: 'events' });
  for (;;) {
    if (signal?.aborted) {
      stopped = true;
      break;
    }
    const block = await sealBlock(database, schema, settled, blockSize);
    if (!block) break;
    blocks++;
    events += block.events;
    onProgress?.({ done: events, total, unit: 'events' });
    await publish();
  }
  if (failures.length > 0) throw failures[0];
  const last = await lastBlock(database, schema);
  return {
    blocks,
    events,
    sealed: last ? { to: last.to, at: last.sealedAt, block: last.number } : null,
    newest: String(newest),
    digests,
    ...(stopped && { stopped }),
  };
}
