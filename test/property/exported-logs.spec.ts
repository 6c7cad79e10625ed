import { type AggregateSelection, type Backstory, createBackstory } from '@backstory/adapter';
import { exportFolder, type ExportFolder } from '../integration/files/export-folder.js';
import { Author, Shelf, Subject } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { seededRandom, seedOfRun } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';

const seed = seedOfRun();
const future = new Date(Date.now() + 86_400_000);
const aggregates: AggregateSelection['aggregates'] = [
  { entity: Author, owns: ['works'] },
  { entity: Shelf },
  { entity: Subject },
];

describe(`exported logs, seed ${seed}`, () => {
  let library: Library;
  let backstory: Backstory;
  let folder: ExportFolder;

  beforeEach(async () => {
    library = await openLibrary({ poolSize: 12 });
    backstory = await createBackstory(library.dataSource, { aggregates });
    folder = await exportFolder();
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
    await folder.remove();
  });

  /** Without states that stand for events which were dropped. */
  const stored = (): Promise<{ global_position: string }[]> =>
    library.dataSource.query(
      `select global_position, category, stream_id, stream_position, recorded_at::text, type, change, data::text, metadata::text
       from backstory.all_events
       where not backstory.is_stand_in(metadata) order by global_position`,
    );

  it.each([0, 1])(
    'are dropped and imported in any order, and nothing differs (run %i)',
    async (run) => {
      const random = seededRandom(seed + run);
      const format = random.pick(['ndjson', 'parquet'] as const)!;
      const fileEvents = random.integer(5, 200);
      let dropped = 0;
      const known = new Map<string, unknown>();
      for (let round = 0; round < 3; round++) {
        await writeRandomly(library.dataSource, random, 60);
        await backstory.archive.move({ before: future, events: random.integer(2, 5) });
        await backstory.seals.seal();
        for (const event of await stored()) known.set(event.global_position, event);
        await backstory.files.export(folder.path, { format, fileEvents });
        for (const { events } of await backstory.files.drop(folder.path)) dropped += events;
        if (random.next() < 0.5) await backstory.archive.restore();
        expect((await backstory.verify()).clean).toBe(true);
        expect(await backstory.files.check(folder.path)).toMatchObject({ clean: true, differences: [] });
        if (random.next() < 0.5 && round < 2) continue;
        await backstory.files.import(folder.path);
        const now = new Map((await stored()).map((event) => [event.global_position, event]));
        for (const [position, event] of known) expect(now.get(position)).toEqual(event);
        expect(await backstory.files.check(folder.path)).toMatchObject({
          clean: true,
          log: { onlyInFiles: 0 },
        });
        expect((await backstory.seals.verify()).clean).toBe(true);
      }
      expect(dropped).toBeGreaterThan(50);
      await backstory.archive.restore();
      expect((await backstory.verify()).clean).toBe(true);
      expect((await backstory.seals.verify()).clean).toBe(true);
    },
    120_000,
  );

  it('have every event up to where they say, while others write', async () => {
    let writing = true;
    const writers = Promise.all(
      Array.from({ length: 6 }, (_, n) => writeRandomly(library.dataSource, seededRandom(seed + n), 60)),
    ).finally(() => (writing = false));
    let runs = 0;
    for (let more = true; more; runs++) {
      more = writing;
      const { to } = await backstory.files.export(folder.path, { fileEvents: 50, patienceMs: 20 });
      // nothing is settled while the first writers are still open
      if (to === '0') continue;
      const { stretches } = await folder.manifest();
      const exported = stretches.flatMap(({ files }) => files).reduce((sum, { events }) => sum + events, 0);
      const [row] = await library.dataSource.query<[{ count: string }]>(
        'select count(*) from backstory.all_events where global_position <= $1',
        [to],
      );
      expect([to, exported]).toEqual([to, Number(row.count)]);
    }
    await writers;
    expect(runs).toBeGreaterThan(1);
    expect(await backstory.files.check(folder.path)).toMatchObject({ clean: true, differences: [] });
  }, 120_000);
});
