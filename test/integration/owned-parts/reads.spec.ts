import { type Backstory, createBackstory } from '@backstory/adapter';
import { Author, Novel, Recording, Work } from '../../library/entities.js';
import { fillLibrary } from '../../library/fill-library.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { reads } from '../../library/reads.js';
import { sortChildren } from '../write-paths/sort-children.js';

describe('reads of an aggregate of several tables', () => {
  let library: Library;
  let backstory: Backstory;
  let categories: string[];

  beforeAll(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource, {
      aggregates: ['all', { entity: Author, owns: ['works', 'works.subjects'] }],
    });
    await fillLibrary(library.dataSource.manager);
    categories = (await backstory.status()).map(({ category }) => category).sort();
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  afterEach(async () => {
    for (const category of categories) await backstory.stages.set(category, 'capture');
  });

  const enter = async (stage: 'shadow' | 'replay'): Promise<void> => {
    for (const category of categories) await backstory.stages.set(category, stage, { force: true });
  };

  it('has no streams of their own for what is owned', () => {
    expect(categories).toEqual(['author', 'shelf', 'subject']);
  });

  it.each(Object.entries(reads))('%s: the same in capture, shadow and replay', async (_, read) => {
    const { manager } = library.dataSource;
    const plain = await read(manager);
    await enter('shadow');
    expect(await read(manager)).toEqual(plain);
    await enter('replay');
    expect(await read(manager)).toEqual(plain);
    expect(await library.dataSource.transaction((inner) => read(inner))).toEqual(plain);
  });

  it('come from the events, also where a query selects a part without its foreign key', async () => {
    const { manager } = library.dataSource;
    const queries = [
      () =>
        manager.find(Author, {
          relations: { works: { subjects: true } },
          order: { id: 1, works: { id: 1 } },
        }),
      () => manager.find(Work, { order: { id: 1 } }),
      () => manager.find(Work, { select: { id: true, condition: true }, order: { id: 1 } }),
      () => manager.find(Work, { relations: { author: true }, order: { id: 1 } }),
    ];
    const all = (): Promise<unknown[]> => Promise.all(queries.map((query) => query()));
    const plain = await all();
    await library.dataSource.query(
      `set session_replication_role = replica;
       update author set preferences = '{"tampered": true}'; update work set condition = 'used'; update subject set label = 'tampered';
       set session_replication_role = origin`,
    );
    try {
      expect(await all()).not.toEqual(plain);
      await enter('replay');
      expect(await all()).toEqual(plain);
      const { aggregates } = await backstory.verify();
      expect(aggregates.find(({ category }) => category === 'author')?.drifted).toBe(6 + 12);
    } finally {
      await library.dataSource.query(
        `set session_replication_role = replica;
         update author set preferences = jsonb_build_object('n', id - 1); update work set condition = 'new'; update subject set label = upper(code);
         set session_replication_role = origin`,
      );
    }
    expect((await backstory.verify()).clean).toBe(true);
  });

  it('are compared in the stage shadow with all that the aggregate owns', async () => {
    const { manager } = library.dataSource;
    await enter('shadow');
    await manager.find(Author);
    await manager.find(Work);
    await backstory.shadowSettled();
    const shadow = (await backstory.status()).find(({ category }) => category === 'author')?.shadow;
    expect(shadow).toMatchObject({ drifted: 0 });
    expect(shadow?.compared).toBeGreaterThanOrEqual(6);
    await library.dataSource.query(
      `set session_replication_role = replica; update work set title = title || '!' where title = 'Novel 3'; set session_replication_role = origin`,
    );
    await manager.find(Author);
    await backstory.shadowSettled();
    const [drift] = await library.dataSource.query(
      `select * from backstory.drifts order by found_at desc limit 1`,
    );
    expect(drift).toMatchObject({ category: 'author', kind: 'value', found_by: 'shadow' });
    expect(drift.properties).toContainEqual(expect.stringMatching(/^works\[[0-9a-f-]+\]\.title$/));
    await library.dataSource.query(
      `set session_replication_role = replica; update work set title = 'Novel 3' where title = 'Novel 3!'; set session_replication_role = origin`,
    );
  });

  it('load the root with what it owns: now, at a version, and at a moment', async () => {
    const { manager } = library.dataSource;
    const id = (await manager.findOneByOrFail(Author, { name: 'Author 2' })).id;
    const now = await manager.findOneOrFail(Author, {
      where: { id },
      relations: { works: { subjects: true } },
    });
    const loaded = await backstory.load(Author, String(id));
    [now, loaded].forEach(sortChildren);
    expect(loaded).toEqual(now);
    expect(loaded?.works.map((work) => work.constructor)).toEqual(expect.arrayContaining([Novel, Recording]));

    const before = (await backstory.history('author', String(id))).length;
    const moment = new Date();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await manager.delete(Work, { title: 'Novel 2' });
    await manager.query(`update subject set label = 'later' where code = 'a'`);
    expect((await backstory.load(Author, String(id)))?.works).toHaveLength(1);
    for (const past of [
      await backstory.load(Author, String(id), { version: before }),
      await backstory.load(Author, String(id), { asOf: moment }),
    ]) {
      sortChildren(past);
      expect(past).toEqual(now);
    }
    expect((await backstory.load(Author, String(id), { version: 1 }))?.works).toEqual([]);
  });

  it('refuse to take a part for an aggregate', async () => {
    await expect(backstory.history('Work', '1')).rejects.toThrow(
      /"Work" has no streams of its own: it is "works" of the aggregate "author"/,
    );
    await expect(backstory.load(Work, '1')).rejects.toMatchObject({ code: 'UNKNOWN_CATEGORY' });
  });
});
