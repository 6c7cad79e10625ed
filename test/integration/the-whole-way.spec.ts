import { type Backstory, createBackstory, StageRefusedError } from '@backstory/adapter';
import { Author, Condition, Novel, Recording, Shelf, Subject, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';

describe('the whole way of an aggregate', () => {
  let library: Library;
  let backstory: Backstory;

  beforeAll(async () => {
    library = await openLibrary();
    const { manager } = library.dataSource;
    await manager.save(
      Array.from({ length: 50 }, (_, n) =>
        manager.create(Author, {
          name: `Author ${n}`,
          home: { street: n % 2 ? `Street ${n}` : null, city: 'Æbeltoft' },
          preferences: { n, nested: { __proto__: 1, list: [null, 1.5, 'x'] } },
          born: n % 3 ? '1970-01-31' : null,
          pseudonyms: n % 2 ? ['a,b', 'c"d', '{}'] : [],
          works: [
            manager.create(Novel, { title: `Novel ${n}`, pages: n, price: 1999 }),
            manager.create(Recording, {
              title: `Recording ${n}`,
              duration: '1 hour 30 min',
              condition: Condition.Used,
            }),
          ],
        }),
      ),
    );
    await manager.insert(Subject, [{ code: 'sea', label: 'The sea' }]);
    await manager.insert(Shelf, {
      room: 'a:b%',
      number: 1,
      barcode: Buffer.from([0, 255]),
      dusted: new Date(0),
    });
    backstory = await createBackstory(library.dataSource);
  });

  afterAll(async () => {
    await backstory?.close();
    await library?.close();
  });

  it('captures, backfills, verifies, shadows, replays and goes back', async () => {
    const { manager } = library.dataSource;
    // rows that were there before are found in any order: by a write first, or by the backfill
    await manager.update(Author, { id: 3 }, { name: 'Renamed' });
    await manager.delete(Author, { id: 4 });
    await manager.softDelete(Author, { id: 5 });
    expect(
      (await backstory.history('author', '3')).map(({ type, metadata }) => [type, metadata.origin]),
    ).toEqual([
      ['AuthorCreated', 'backfill'],
      ['AuthorUpdated', 'capture'],
    ]);
    expect((await backstory.history('author', '4')).map(({ type }) => type)).toEqual([
      'AuthorCreated',
      'AuthorDeleted',
    ]);
    expect((await backstory.history('Author', '5')).map(({ type }) => type)).toEqual([
      'AuthorCreated',
      'AuthorSoftDeleted',
    ]);

    await expect(backstory.stages.set('author', 'shadow')).rejects.toThrow(StageRefusedError);
    const reports = await backstory.backfill();
    expect(reports.find(({ category }) => category === 'author')).toMatchObject({ rows: 49, events: 47 });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.stages.set('author', 'shadow');
    await backstory.stages.set('work', 'shadow');
    await expect(backstory.stages.set('author', 'replay')).rejects.toThrow(/0 of 49 shadow reads/);

    const plain = await manager.find(Author, {
      relations: { works: { subjects: true } },
      withDeleted: true,
      order: { id: 1 },
    });
    expect(plain).toHaveLength(49);
    await backstory.shadowSettled();
    await backstory.stages.set('author', 'replay', { reason: 'every one of them was compared' });
    await backstory.stages.set('work', 'replay', { force: true });
    expect((await backstory.status()).find(({ category }) => category === 'author')).toMatchObject({
      stage: 'replay',
    });

    const replayed = await manager.find(Author, {
      relations: { works: { subjects: true } },
      withDeleted: true,
      order: { id: 1 },
    });
    expect(replayed).toEqual(plain);
    expect(replayed[0]?.works[0]).toBeInstanceOf(Work);

    // what is returned is the replay, not the row: the table says something else behind the triggers' back
    await library.dataSource.query(
      `set session_replication_role = replica; update author set name = 'forged' where id = 1; set session_replication_role = origin`,
    );
    expect(await manager.findOneByOrFail(Author, { id: 1 })).toMatchObject({ name: 'Author 0' });
    expect(await backstory.verify({ aggregates: ['author'] })).toMatchObject({
      clean: false,
      aggregates: [
        {
          drifted: 1,
          drift: [
            { streamId: '1', kind: 'value', properties: { name: { row: 'forged', replay: 'Author 0' } } },
          ],
        },
      ],
    });

    await backstory.stages.set('author', 'capture', { reason: 'way back' });
    expect(await manager.findOneByOrFail(Author, { id: 1 })).toMatchObject({ name: 'forged' });
    expect(await backstory.repair({ aggregates: ['author'], by: 'tester' })).toMatchObject([
      { repaired: [{ streamId: '1' }] },
    ]);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect((await backstory.history('author', '1')).at(-1)).toMatchObject({
      type: 'AuthorCorrected',
      metadata: { origin: 'repair', actor: 'tester' },
    });
    expect(
      (await backstory.stages.history('author')).map(({ from, to, forced }) => [from, to, forced]),
    ).toEqual([
      [null, 'capture', false],
      ['capture', 'shadow', false],
      ['shadow', 'replay', false],
      ['replay', 'capture', false],
    ]);
  });
});
