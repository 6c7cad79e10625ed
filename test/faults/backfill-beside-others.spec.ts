import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities } from '../library/entities.js';
import type { Library } from '../library/open-library.js';
import { seedOfRun } from '../library/random.js';
import { expectWholeHistory, openFilledLibrary, startWriters } from './live-library.js';

const seed = seedOfRun();
const rows = 10_000;

describe(`a backfill beside others, seed ${seed}`, () => {
  let library: Library;

  beforeEach(async () => {
    library = await openFilledLibrary(rows);
  });

  afterEach(() => library.close());

  const connect = (poolSize: number): Promise<DataSource> =>
    new DataSource({ type: 'postgres', url: library.url, entities, poolSize }).initialize();

  const authorsBefore = async (): Promise<string[]> =>
    (await library.dataSource.query('select id::text from author')).map(({ id }: { id: string }) => id);

  const firstEventsOf = async (ids: readonly string[]): Promise<number[]> => {
    const counts: { n: number }[] = await library.dataSource.query(
      `select distinct count(v.*)::int as n from unnest($1::text[]) i (id)
       left join backstory.events v on v.category = 'author' and v.stream_id = i.id and v.metadata ->> 'origin' = 'backfill'
       group by i.id`,
      [ids],
    );
    return counts.map(({ n }) => n);
  };

  it('three at once, while an instance that knows nothing of Backstory writes', async () => {
    const backstory = await createBackstory(library.dataSource);
    const [old, ...others] = await Promise.all([connect(10), connect(4), connect(4), connect(4)]);
    if (!old) throw new Error('Nothing is connected.');
    const before = await authorsBefore();
    const stop = startWriters(old, seed);
    const instances = await Promise.all(others.map((other) => createBackstory(other, { install: 'check' })));
    try {
      const reports = await Promise.all(
        instances.map((instance, index) => instance.backfill({ parallel: 1 + index, chunkSize: 100 })),
      );
      expect(reports.flat().every(({ completed }) => completed)).toBe(true);
    } finally {
      await stop();
      for (const instance of instances) await instance.close();
      for (const dataSource of [old, ...others]) await dataSource.destroy();
    }
    await expectWholeHistory(library.dataSource, backstory);
    expect(await firstEventsOf(before)).toEqual([1]);
    await backstory.close();
  });

  it('gives each aggregate one first event with all its parts, while parts are written', async () => {
    const backstory = await createBackstory(library.dataSource, {
      aggregates: ['all', { entity: Author, owns: ['works', 'works.subjects'] }],
    });
    const before = await authorsBefore();
    // the lock that parts take on their root may end in a deadlock, which is the application's to try again
    const stop = startWriters(
      library.dataSource,
      seed,
      (error) => (error as { code?: string }).code === '40P01',
    );
    try {
      await backstory.backfill({ aggregates: ['author'], chunkSize: 50, parallel: 2 });
    } finally {
      await stop();
    }
    await backstory.backfill();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await firstEventsOf(before)).toEqual([1]);
    const [{ parts }] = await library.dataSource.query(
      `select count(*)::int as parts from backstory.events v, json_object_keys(v.data -> 'works')
       where v.category = 'author' and v.metadata ->> 'origin' = 'backfill'`,
    );
    expect(parts).toBeGreaterThan(rows / 2);
    await backstory.close();
  });
});
