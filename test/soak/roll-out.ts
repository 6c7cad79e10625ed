import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../library/random.js';
import { Instance } from './instance.js';
import type { Release } from './release.js';
import { type Way, ways } from './run-migration.js';
import { settle } from './settle.js';
import type { Soak } from './soak.js';

export interface RollOutOptions {
  readonly random: Random;
  readonly ways: readonly Way[];
  /** Whether instances of the former release start again in between, as after a crash or by an autoscaler. */
  readonly restarts: boolean;
  /** For how long instances serve between two steps. */
  readonly stepMs: number;
}

/**
 * Brings a release: its migration beside the instances that serve, then one instance after the other. At random one of the
 * former release starts again in the middle, or comes back after everything, as when a release is rolled back.
 * @param running is what serves, and changes
 * @throws where the deployment is stuck
 */
export async function rollOut(
  soak: Soak,
  release: Release,
  running: Instance[],
  { random, ways: allowed, restarts, stepMs }: RollOutOptions,
): Promise<void> {
  const former = running[0]!.release;
  const serve = () => sleep(random.integer(0.5 * stepMs, 1.5 * stepMs));
  const start = (of: Release, install: 'auto' | 'check' = 'auto') =>
    soak.attempt(`start (${install}) of release ${of.number}`, () => Instance.start(soak, of, install));

  const way = random.pick(allowed)!;
  await serve();
  soak.migrated = release.number;
  const migrated = await soak.attempt(`migration to release ${release.number} by ${way}`, async () => {
    await ways[way](soak.url, release, random.pick(running)!);
    return true;
  });
  // A deployment that is stuck ends the run: what would follow has nothing to do with what was planned.
  if (!migrated) throw new Error(`The migration to release ${release.number} failed: ${release.change}`);
  soak.ledger.add(
    release.writes.map((value) => ({
      entity: 'the migration',
      id: release.number,
      property: way,
      release: release.number,
      values: [value],
    })),
  );
  await serve();

  for (const [index, instance] of running.entries()) {
    const next = await start(release);
    // One that doesn't start stops the roll-out, as a health check would.
    if (!next) throw new Error(`No instance of release ${release.number} starts: ${release.change}`);
    running[index] = next.serve();
    await instance.stop();
    if (restarts && random.chance(0.5)) {
      // With what is installed, or with its own installation: both are on tables of a later release.
      const again = await start(former, random.chance(0.3) ? 'check' : 'auto');
      again?.serve();
      await serve();
      await again?.stop();
    } else if (index === 0) await serve();
  }
  await settle(soak, running[0]!);
  if (restarts && random.chance(0.2)) {
    const back = await start(former);
    back?.serve();
    await serve();
    await back?.stop();
  }
}
