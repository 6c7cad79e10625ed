import { seededRandom } from '../library/random.js';
import { compareWithRows } from './compare-with-rows.js';
import { dataSourceOf, Instance } from './instance.js';
import { note } from './ledger.js';
import { planReleases, rowsFromBefore } from './plan-releases.js';
import { type EntityShape, quoted, type Release } from './release.js';
import { rollOut, type RollOutOptions } from './roll-out.js';
import { plainWays, type Way, ways } from './run-migration.js';
import { replayWhatIsNew } from './settle.js';
import { Soak, type SoakStage } from './soak.js';

export interface SoakOptions extends Partial<Pick<RollOutOptions, 'restarts' | 'stepMs'>> {
  readonly seed: number;
  readonly stage: SoakStage;
  readonly releases: number;
  /** That serve at once. */
  readonly instances?: number;
  /** Kinds of changes and ways of migrations, instead of all. */
  readonly only?: readonly string[];
  readonly ways?: readonly Way[];
}

export interface SoakReport {
  /** What each release changed, and what was found, in words. */
  readonly changes: readonly string[];
  readonly faults: readonly string[];
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly wrong: readonly string[];
  readonly clean: boolean;
  readonly requests: number;
  readonly ownFailures: number;
  readonly values: number;
}

/** An application through so many releases. */
export async function runSoak({
  seed,
  stage,
  releases: count,
  only,
  ways: allowed = stage === 'none' ? plainWays : (Object.keys(ways) as Way[]),
  restarts = true,
  stepMs = 100,
  instances = 2,
}: SoakOptions): Promise<SoakReport> {
  const releases = planReleases(seed, count, only);
  const soak = await Soak.begin(releases, stage, seed);
  const random = seededRandom(seed + 1);
  const running: Instance[] = [];
  try {
    const first = releases[0]!;
    await fill(soak, first);
    const opened = await Instance.start(soak, first);
    running.push(opened);
    await opened.backstory?.backfill();
    if (opened.backstory) await replayWhatIsNew(soak, opened.backstory);
    while (running.length < instances) running.push(await Instance.start(soak, first));
    for (const instance of running) instance.serve();
    for (const release of releases.slice(1)) {
      const options = { random, ways: allowed, restarts, stepMs };
      const done = await soak.attempt('the deployment', async () => {
        await rollOut(soak, release, running, options);
        return true;
      });
      if (!done) break;
    }
    const reached = running[0]!.release;
    for (const instance of running) await instance.stop();
    return await examine(soak, reached);
  } finally {
    for (const instance of running) await instance.stop();
    await soak.drop();
  }
}

/** The tables of the first release, with rows that are there before Backstory is. */
async function fill(soak: Soak, release: Release): Promise<void> {
  const random = soak.nextRandom();
  const dataSource = await dataSourceOf(soak.url, release).initialize();
  try {
    for (const statement of release.migration) await dataSource.query(statement);
    for (const entity of release.entities) {
      for (let id = 1; id <= rowsFromBefore; id++) await fillRow(entity, id);
    }
  } finally {
    await dataSource.destroy();
  }

  async function fillRow(entity: EntityShape, id: number): Promise<void> {
    const values = entity.columns.map((column) => soak.values.of(column, random));
    const names = entity.columns.map(({ column }) => quoted(column));
    const parent = soak.ledger.shared.find((row) => row.entity === entity.parent && row.id === id);
    if (parent) {
      values.push(id);
      names.push('parent_id');
    }
    await dataSource.query(
      `insert into ${quoted(entity.table)} (${names.join()}) values (${names.map((_, n) => `$${n + 1}`).join()})`,
      values,
    );
    soak.ledger.shared.push({ id, entity: entity.key, shared: true, ...(parent && { parent }) });
    soak.ledger.add(entity.columns.flatMap((column, n) => note(entity, id, column, values[n], 0)));
  }
}

/** When nobody writes any more. */
async function examine(soak: Soak, release: Release): Promise<SoakReport> {
  const instance = await Instance.start(soak, release);
  const { backstory, dataSource } = instance;
  const told = {
    changes: soak.releases.map(({ number, change }) => `${number}: ${change}`),
    requests: soak.requests,
    ownFailures: soak.ownFailures,
    values: soak.ledger.count,
    faults: soak.found(),
  };
  try {
    if (!backstory) return { ...told, lost: [], doubled: [], wrong: [], clean: true };
    const { clean } = await backstory.verify();
    for (const { category } of await backstory.status())
      await backstory.stages.set(category, 'replay', { force: true });
    return {
      ...told,
      clean,
      wrong: await compareWithRows(dataSource, backstory, release),
      lost: await soak.ledger.lost(dataSource),
      doubled: await soak.ledger.doubled(dataSource),
    };
  } finally {
    await instance.stop();
  }
}
