import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { type Database, whyReadOnly } from '../database/index.js';
import { type Drift, recordDrifts } from '../drift/index.js';
import type { EntityMapping, TypeParsers } from '../mapping/index.js';
import { operate } from '../observation/index.js';
import { compareReplay, type ReplayComparison } from './compare-replay.js';
import { countShadowReads } from './count-shadow-reads.js';

export interface ShadowOptions {
  /** Share of the entities read that is compared, 0 to 1. Less costs less, and takes longer to gather proof. @defaultValue 1 */
  sample?: number;
  /**
   * Comparisons without drift that a category needs before it may go to `replay`: as many as it has streams where these
   * are fewer, and none for join tables, which nobody reads by themselves. @defaultValue 100
   */
  requiredReads?: number;
}

/** What ShadowReads works with. */
export interface ShadowSurroundings {
  readonly database: Database;
  readonly schema: string;
  readonly parsers: () => Promise<TypeParsers>;
  /** Whether the application waits for a connection at the moment. */
  readonly isBusy: () => boolean;
  readonly onDrift: (drift: Drift) => void;
  /** Told the first of each row of failures. */
  readonly onError: (error: unknown) => void;
}

interface Waiting {
  readonly streamIds: Set<string>;
  /** Not compared since the last count: there was no room for them. */
  skipped: number;
  /** Whose comparison failed, since the last count. */
  failed: number;
}

/** Streams waiting to be compared, at most, over all categories; further ones are skipped until there is room. */
const maxWaiting = 5_000;
const batchSize = 100;
/** A drift counts only if it is still there after this time. */
const recheckAfterMs = 200;
const busyPauseMs = 50;

/**
 * Compares what the application read with what a replay gives: in the background, one batch at a time, on one
 * connection of the pool, half of the time at most and never while the application waits for one. A read only notes
 * the keys that it found; nothing here can change it or make it fail.
 */
export class ShadowReads {
  private readonly waiting = new Map<EntityMapping, Waiting>();
  private size = 0;
  private running: Promise<void> | undefined;
  private stopped = false;
  private failing = false;

  constructor(
    private readonly surroundings: ShadowSurroundings,
    private readonly sample: number,
  ) {}

  /**
   * Notes streams that a read has found, or a sample of them. `streamIdOf` is asked for those in the sample only;
   * it may say undefined for what has no stream.
   */
  observe(mapping: EntityMapping, count: number, streamIdOf: (index: number) => string | undefined): void {
    if (this.sample === 0 || this.stopped) return;
    let waiting = this.waiting.get(mapping);
    if (!waiting) this.waiting.set(mapping, (waiting = { streamIds: new Set(), skipped: 0, failed: 0 }));
    for (let index = 0; index < count; index++) {
      if (this.sample < 1 && Math.random() >= this.sample) continue;
      if (this.size >= maxWaiting) {
        waiting.skipped++;
        continue;
      }
      const streamId = streamIdOf(index);
      if (streamId === undefined || waiting.streamIds.has(streamId)) continue;
      waiting.streamIds.add(streamId);
      this.size++;
    }
    if (this.size > 0) this.running ??= this.run();
  }

  /** Resolves when everything noted so far has been compared, or has failed to be. */
  async settled(): Promise<void> {
    while (this.running) await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    // The read that has started this goes on first.
    await nextTurn();
    while (!this.stopped) {
      while (this.surroundings.isBusy() && !this.stopped) await sleep(busyPauseMs);
      const next = this.next();
      if (!next) break;
      const startedAt = performance.now();
      await this.attempt(...next);
      await sleep(performance.now() - startedAt);
    }
    this.running = undefined;
  }

  /** Some of the category that has waited longest since its last turn. */
  private next(): [EntityMapping, Waiting, string[]] | undefined {
    for (const [mapping, waiting] of this.waiting) {
      if (waiting.streamIds.size === 0) continue;
      const batch: string[] = [];
      for (const id of waiting.streamIds) {
        batch.push(id);
        waiting.streamIds.delete(id);
        if (batch.length === batchSize) break;
      }
      this.size -= batch.length;
      this.waiting.delete(mapping);
      this.waiting.set(mapping, waiting);
      return [mapping, waiting, batch];
    }
    return undefined;
  }

  /** So that nobody takes reads that could not be compared for reads that never came. */
  private async countFailures(mapping: EntityMapping, waiting: Waiting): Promise<void> {
    const { skipped, failed } = waiting;
    const { database, schema } = this.surroundings;
    await countShadowReads(database, schema, mapping, { compared: 0, drifted: 0, skipped, failed });
    waiting.skipped -= skipped;
    waiting.failed -= failed;
  }

  /** One word for an outage, however long it is; what failed is counted at once, or when counting is possible again. */
  private async attempt(mapping: EntityMapping, waiting: Waiting, streamIds: string[]): Promise<void> {
    try {
      // what can't be recorded, such as on a standby, proves nothing
      if ((await whyReadOnly(this.surroundings.database)) !== undefined) return;
      const { drifts, unseen } = await operate(
        () => ({
          name: 'compare',
          attributes: { category: mapping.category, streams: streamIds.length },
        }),
        () => this.compare(mapping, streamIds),
        (found) => ({ drifted: new Set(found.drifts.map(({ streamId }) => streamId)).size }),
      );
      const { skipped, failed } = waiting;
      await countShadowReads(this.surroundings.database, this.surroundings.schema, mapping, {
        compared: streamIds.length - unseen.size,
        drifted: drifts.length,
        skipped: skipped + unseen.size,
        failed,
      });
      waiting.skipped -= skipped;
      waiting.failed -= failed;
      this.failing = false;
    } catch (error) {
      waiting.failed += streamIds.length;
      await this.countFailures(mapping, waiting).catch(() => undefined);
      if (!this.failing && !this.stopped) this.surroundings.onError(error);
      this.failing = true;
    }
  }

  private async compare(mapping: EntityMapping, streamIds: string[]): Promise<ReplayComparison> {
    const { database, schema, onDrift } = this.surroundings;
    const parsers = await this.surroundings.parsers();
    const { unseen, ...first } = await compareReplay(database, schema, mapping, streamIds, parsers);
    let { drifts } = first;
    if (drifts.length > 0) {
      await sleep(recheckAfterMs);
      const suspects = [...new Set(drifts.map((drift) => drift.streamId))];
      ({ drifts } = await compareReplay(database, schema, mapping, suspects, parsers));
    }
    drifts.forEach(onDrift);
    await recordDrifts(database, schema, drifts, 'shadow');
    return { drifts, unseen };
  }
}
