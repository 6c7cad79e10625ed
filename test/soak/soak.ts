import { createTestDatabase } from '@backstory/test/postgres';
import { type Random, seededRandom } from '../library/random.js';
import { Ledger } from './ledger.js';
import { describeError, isOwnFailure } from './own-failure.js';
import type { EntityShape, Release } from './release.js';
import { UniqueValues } from './unique-values.js';

/** What the entities stand in; `none` is the same application without Backstory. */
export type SoakStage = 'none' | 'capture' | 'replay';

/** What all instances of one run share, and what is found out about them. */
export class Soak {
  readonly ledger = new Ledger();
  readonly values = new UniqueValues();
  /** Each fault once, with how often and where it was seen first. */
  private readonly faults = new Map<string, { count: number; first: string }>();
  requests = 0;
  /** Requests that fail without Backstory too. */
  ownFailures = 0;
  /** The release whose migration has begun, or is done. */
  migrated = 0;
  private writers = 0;

  private constructor(
    readonly url: string,
    readonly releases: readonly Release[],
    readonly stage: SoakStage,
    readonly seed: number,
    readonly drop: () => Promise<void>,
  ) {}

  static async begin(releases: readonly Release[], stage: SoakStage, seed: number): Promise<Soak> {
    const { url, drop } = await createTestDatabase();
    return new Soak(url, releases, stage, seed, drop);
  }

  /** Another one for each writer. */
  nextRandom(): Random {
    return seededRandom(this.seed + 1_000 * ++this.writers);
  }

  /** @returns whether it went well */
  async request(
    release: Release,
    entities: readonly EntityShape[],
    work: () => Promise<void>,
  ): Promise<boolean> {
    this.requests++;
    try {
      await work();
      return true;
    } catch (error) {
      if (this.breaks(release, entities) && isOwnFailure(error)) this.ownFailures++;
      else this.fault(`release ${release.number}`, error);
      return false;
    }
  }

  fault(who: string, error: unknown): void {
    const what = `${who} on tables of release ${this.migrated}: ${describeError(error)}`;
    const before = this.faults.get(what);
    this.faults.set(what, {
      count: (before?.count ?? 0) + 1,
      first: before?.first ?? String((error as Error).stack),
    });
  }

  /** Work of operators and deployments: a fault if it fails. */
  async attempt<Result>(who: string, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      this.fault(who, error);
      return undefined;
    }
  }

  found(): string[] {
    return [...this.faults].map(([what, { count }]) => `${count} × ${what}`);
  }

  /** Whether tables have been changed under this release in a way that its statements can't bear. */
  private breaks({ number }: Release, entities: readonly EntityShape[]): boolean {
    return this.releases
      .slice(number + 1, this.migrated + 1)
      .some(({ breaks }) => entities.some(({ key }) => breaks.includes(key)));
  }
}
