import type { AggregateStatus, Finding, Volume } from '../admin/index.js';
import type { Backstory } from '../backstory/index.js';
import type { ConsumerStatus } from '../outbox/index.js';

/** What the database knows at a moment. */
export interface Reading {
  readonly aggregates: readonly AggregateStatus[];
  readonly consumers: readonly ConsumerStatus[];
  readonly volume: Volume;
  readonly findings: readonly Finding[];
}

export interface ReadingOptions {
  /**
   * How long a reading from the database is used again, in milliseconds: three queries for however many metrics and
   * scrapes. Longer costs the database less and shows changes later.
   * @defaultValue 5000
   */
  cacheMs?: number;
  /**
   * The same for what `doctor` finds: five queries on PostgreSQL's catalogue.
   * @defaultValue 60 000
   */
  doctorCacheMs?: number;
}

/** Asks the database as seldom as the options say, and once for all who ask at the same time. */
export function cachedReading(
  backstory: Backstory,
  { cacheMs = 5_000, doctorCacheMs = 60_000 }: ReadingOptions = {},
): () => Promise<Reading> {
  const findings = cached(doctorCacheMs, () => backstory.doctor());
  return cached(cacheMs, async () => {
    // one after the other: metrics take one connection of the pool at most
    const aggregates = await backstory.status({ newest: 0 });
    const consumers = await backstory.consumers.list({ due: false });
    const volume = await backstory.volume();
    return { aggregates, consumers, volume, findings: await findings() };
  });
}

/** A failure is not kept. */
function cached<Result>(ms: number, read: () => Promise<Result>): () => Promise<Result> {
  let kept: { until: number; result: Promise<Result> } | undefined;
  return () => {
    if (kept && performance.now() < kept.until) return kept.result;
    const result = read();
    const own = { until: performance.now() + ms, result };
    kept = own;
    result.catch(() => {
      if (kept === own) kept = undefined;
    });
    return result;
  };
}
