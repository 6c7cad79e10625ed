import { type AggregateSelection, type Backstory, createBackstory } from '@backstory/adapter';
import { Author, Shelf, Subject, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { seededRandom, seedOfRun } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';

const seed = seedOfRun();

const shapes: [string, AggregateSelection['aggregates']][] = [
  ['a stream for each entity', 'all'],
  ['authors own their works', ['all', { entity: Author, owns: ['works', 'works.subjects'] }]],
];

describe.each(shapes)(`random writes through every path, %s, seed ${seed}`, (_shape, aggregates) => {
  let library: Library;
  let backstory: Backstory | undefined;

  beforeEach(async () => {
    library = await openLibrary({ poolSize: 12 });
  });

  afterEach(async () => {
    await backstory?.close();
    await library.close();
  });

  const everything = async (): Promise<unknown[]> => {
    const { manager } = library.dataSource;
    return [
      await manager.find(Author, {
        relations: { works: { subjects: true } },
        withDeleted: true,
        order: { id: 1, works: { id: 1, subjects: { code: 1 } } },
      }),
      await manager.find(Work, { order: { id: 1 }, relations: { author: true } }),
      await manager.find(Shelf, { order: { room: 1, number: 1 } }),
      await manager.find(Subject, { order: { code: 1 } }),
    ];
  };

  const expectDensePositions = async (): Promise<void> => {
    expect(
      await library.dataSource.query(
        `select category, stream_id from backstory.events group by 1, 2
         having max(stream_position) <> count(*) or min(stream_position) <> 1`,
      ),
    ).toEqual([]);
    expect(
      await library.dataSource.query(
        `select * from (select category, stream_id, global_position < lag(global_position) over (
           partition by category, stream_id order by stream_position) as inverted from backstory.events) e where inverted`,
      ),
    ).toEqual([]);
  };

  it.each([0, 1, 2, 3, 4])('one writer: what is replayed is what is in the tables (run %i)', async (run) => {
    const random = seededRandom(seed + run);
    await writeRandomly(library.dataSource, random, 60);
    backstory = await createBackstory(library.dataSource, { aggregates });
    await writeRandomly(library.dataSource, random, 120);
    await backstory.backfill({ chunkSize: 1 + random.integer(0, 20) });
    await writeRandomly(library.dataSource, random, 120);
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    await expectDensePositions();
    const plain = await everything();
    for (const { category } of await backstory.status()) {
      await backstory.stages.set(category, 'replay', { force: true });
    }
    expect(await everything()).toEqual(plain);
    // the application goes on writing what it has loaded by replay
    await writeRandomly(library.dataSource, random, 60);
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
  });

  it('eight writers while capture is installed and the backfill runs', async () => {
    await writeRandomly(library.dataSource, seededRandom(seed + 100), 80);
    const writers = Array.from({ length: 8 }, (_, writer) => seededRandom(seed + 200 + writer));
    // so many, however long the work takes that they are beside
    const writing = (): Promise<unknown> =>
      Promise.all(writers.map((random) => writeRandomly(library.dataSource, random, 25)));
    const beside = async <T>(work: () => Promise<T>): Promise<T> =>
      (await Promise.all([work(), writing()]))[0];

    backstory = await beside(() => createBackstory(library.dataSource, { aggregates }));
    await beside(() => backstory!.backfill({ chunkSize: 7 }));
    // under live traffic, without a false alarm
    for (let round = 0; round < 5; round++) {
      const { aggregates: verified } = await beside(() => backstory!.verify());
      expect(verified.flatMap(({ drift }) => drift)).toEqual([]);
    }
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    await expectDensePositions();
  });
});
