import { setTimeout as sleep } from 'node:timers/promises';
import { type Database, quoteIdentifier } from '../database/index.js';
import { type Drift, recordDrifts } from '../drift/index.js';
import type { EntityMapping, TypeParsers } from '../mapping/index.js';
import { compareReplay } from './compare-replay.js';

export interface ShadowOptions {
  /** Share of the entities read that is compared, 0 to 1. Less costs less, and takes longer to gather proof. @defaultValue 1 */
  sample?: number;
  /** Comparisons without drift that a category needs before it may go to `replay`. @defaultValue 100 */
  requiredReads?: number;
}

/** Streams waiting to be compared, at most; further reads are not sampled until there is room. */
const maxWaiting = 5_000;
const batchSize = 200;
/** A drift counts only if it is still there after this time. */
const recheckAfterMs = 200;

/**
 * Compares what the application read with what a replay gives: in the background, one batch at a time, on a connection
 * of its own. A read only notes the keys that it found; nothing here can slow it, change it or make it fail.
 */
export class ShadowReads {
  private readonly waiting = new Map<EntityMapping, Set<string>>();
  private size = 0;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly schema: string,
    private readonly parsers: () => Promise<TypeParsers>,
    private readonly sample: number,
    private readonly onDrift: (drift: Drift) => void,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Notes streams that a read has found. */
  observe(mapping: EntityMapping, streamIds: Iterable<string>): void {
    let waiting = this.waiting.get(mapping);
    if (!waiting) this.waiting.set(mapping, (waiting = new Set()));
    for (const streamId of streamIds) {
      if (this.size >= maxWaiting) break;
      if (this.sample < 1 && Math.random() >= this.sample) continue;
      if (waiting.has(streamId)) continue;
      waiting.add(streamId);
      this.size++;
    }
    if (this.size > 0 && !this.stopped) this.running ??= this.run();
  }

  /** Resolves when everything noted so far has been compared. */
  async settled(): Promise<void> {
    while (this.running) await this.running;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async run(): Promise<void> {
    try {
      for (let batch = this.next(); batch && !this.stopped; batch = this.next()) await this.compare(...batch);
    } catch (error) {
      this.onError(error);
    } finally {
      this.running = undefined;
    }
  }

  private next(): [EntityMapping, string[]] | undefined {
    for (const [mapping, ids] of this.waiting) {
      if (ids.size === 0) continue;
      const batch = [...ids].slice(0, batchSize);
      for (const id of batch) ids.delete(id);
      this.size -= batch.length;
      return [mapping, batch];
    }
    return undefined;
  }

  private async compare(mapping: EntityMapping, streamIds: string[]): Promise<void> {
    const parsers = await this.parsers();
    let drifts = await compareReplay(this.database, this.schema, mapping, streamIds, parsers);
    if (drifts.length > 0) {
      await sleep(recheckAfterMs);
      const suspects = drifts.map((drift) => drift.streamId);
      drifts = await compareReplay(this.database, this.schema, mapping, suspects, parsers);
    }
    drifts.forEach(this.onDrift);
    await recordDrifts(this.database, this.schema, drifts, 'shadow');
    await this.count(mapping.category, streamIds.length, drifts.length);
  }

  /** Counts since the category entered its stage: older figures are dropped by the first comparison after the change. */
  private async count(category: string, compared: number, drifted: number): Promise<void> {
    const table = quoteIdentifier(this.schema);
    await this.database.execute(
      `insert into ${table}.shadow_reads as r (category, compared, drifted, since, last_compared_at)
       select category, $2, $3, changed_at, clock_timestamp() from ${table}.stages where category = $1
       on conflict (category) do update set
         compared = case when r.since = excluded.since then r.compared else 0 end + excluded.compared,
         drifted = case when r.since = excluded.since then r.drifted else 0 end + excluded.drifted,
         since = excluded.since, last_compared_at = excluded.last_compared_at`,
      [category, compared, drifted],
    );
  }
}
