import { type AggregateSelection, type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities, Shelf, Subject, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';
import { printed } from '../values/history.js';

const seed = seedOfRun();
const snapshots = { every: 3 };
const future = new Date(Date.now() + 86_400_000);
const shapes: [string, AggregateSelection['aggregates']][] = [
  ['a stream for each entity', [Author, Work, Shelf, Subject].map((entity) => ({ entity, snapshots }))],
  [
    'authors own their works',
    [
      { entity: Author, owns: ['works'], snapshots },
      { entity: Shelf, snapshots },
      { entity: Subject, snapshots },
    ],
  ],
];

describe.each(shapes)(`archived streams, %s, seed ${seed}`, (_shape, aggregates) => {
  let library: Library;
  let backstory: Backstory;
  let plain: DataSource;

  beforeEach(async () => {
    library = await openLibrary({ poolSize: 12 });
    plain = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    backstory = await createBackstory(library.dataSource, { aggregates: aggregates! });
  });

  afterEach(async () => {
    await backstory.close();
    await plain.destroy();
    await library.close();
  });

  it.each([0, 1, 2])('tell every version, every moment and the present as before (run %i)', async (run) => {
    const random = seededRandom(seed + run);
    const versions = new Map<string, string>();
    const moments = new Map<string, string>();
    let moved = 0;
    for (let round = 0; round < 5; round++) {
      await writeRandomly(library.dataSource, random, 120);
      for (const [name, id, last] of await someStreams(random, 25)) {
        const version = random.integer(1, last);
        if (!versions.has(`${name} ${id} ${version}`)) {
          versions.set(`${name} ${id} ${version}`, printed(await backstory.load(name, id, { version })));
        }
        const [event] = await backstory.history(name, id, { version, last: 1 });
        const asOf = event!.recordedAt;
        moments.set(`${name} ${id} ${asOf.toISOString()}`, printed(await backstory.load(name, id, { asOf })));
      }
      await backstory.snapshotsSettled();
      const reports = await backstory.archive.move({ before: future, events: random.integer(2, 5) });
      for (const { events, left } of reports) {
        moved += events;
        expect(left).toEqual({ drifted: 0, undelivered: 0, locked: 0 });
      }
      if (random.next() < 0.3) await backstory.archive.restore();
      if (random.next() < 0.3) await backstory.rebuildSnapshots();
      const { aggregates: verified } = await backstory.verify();
      expect(verified.flatMap(({ drift }) => drift)).toEqual([]);
    }
    expect(moved).toBeGreaterThan(200);
    for (const [key, before] of versions) {
      const [name, ...rest] = key.split(' ');
      const version = Number(rest.pop());
      expect([key, printed(await backstory.load(name!, rest.join(' '), { version }))]).toEqual([key, before]);
    }
    for (const [key, before] of moments) {
      const [name, ...rest] = key.split(' ');
      const asOf = new Date(rest.pop()!);
      expect([key, printed(await backstory.load(name!, rest.join(' '), { asOf }))]).toEqual([key, before]);
    }
    await everyEntityReplays();
  });

  it('are written on, archived and put back at once, and nothing is lost or told twice', async () => {
    const random = seededRandom(seed);
    await writeRandomly(library.dataSource, random, 100);
    let writing = true;
    let moved = 0;
    const archive = async (): Promise<void> => {
      while (writing) {
        const reports = await backstory.archive.move({ before: future, events: random.integer(2, 4) });
        for (const { events, left } of reports) {
          moved += events;
          expect(left.drifted).toBe(0);
        }
        if (random.next() < 0.2) await backstory.archive.restore();
        const { aggregates: verified } = await backstory.verify();
        expect(verified.flatMap(({ drift }) => drift)).toEqual([]);
      }
    };
    const writers = Promise.all(
      Array.from({ length: 8 }, (_, n) => writeRandomly(library.dataSource, seededRandom(seed + n), 120)),
    ).finally(() => (writing = false));
    await Promise.all([writers, archive()]);
    expect(moved).toBeGreaterThan(100);
    expect((await backstory.verify()).clean).toBe(true);
    const sparse = await plain.query(
      `select category, stream_id from backstory.all_events group by 1, 2
       having count(*) <> max(stream_position) or count(distinct global_position) <> count(*)`,
    );
    expect(sparse).toEqual([]);
    await backstory.archive.restore();
    expect(
      await plain.query(`select 1 from backstory.events where metadata @> '{"origin":"archive"}'`),
    ).toEqual([]);
    expect((await backstory.verify()).clean).toBe(true);
    await everyEntityReplays();
  });

  async function everyEntityReplays(): Promise<void> {
    for (const { category } of await backstory.status()) {
      await backstory.stages.set(category, 'replay', { force: true });
    }
    for (const [entity, order] of [
      [Author, { id: 'asc' }],
      [Subject, { code: 'asc' }],
      [Shelf, { room: 'asc', number: 'asc' }],
      [Work, { id: 'asc' }],
    ] as const) {
      const options = { order, withDeleted: true } as object;
      expect(printed(await library.dataSource.manager.find(entity, options))).toBe(
        printed(await plain.manager.find(entity, options)),
      );
    }
  }

  async function someStreams(
    random: Random,
    wanted: number,
  ): Promise<[name: string, id: string, last: number][]> {
    const streams = await plain.query<{ category: string; id: string; last: number }[]>(
      `select category, stream_id as id, max(stream_position)::integer as last from backstory.events group by 1, 2 order by 1, 2`,
    );
    return Array.from({ length: Math.min(wanted, streams.length) }, () => {
      const { category, id, last } = random.pick(streams)!;
      return [category.charAt(0).toUpperCase() + category.slice(1), id, last];
    });
  }
});
