import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource, type EntityManager } from 'typeorm';
import { Author, entities, Novel, Recording, Shelf, Subject, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';

type Read = (manager: EntityManager) => Promise<unknown>;

const reads: Record<string, Read> = {
  find: (m) => m.find(Author, { order: { id: 1 } }),
  'find with relations': (m) =>
    m.find(Author, {
      relations: { works: { subjects: true } },
      order: { id: 1, works: { title: 1 } },
    }),
  'find by query for relations': (m) =>
    m.find(Author, { relations: { works: true }, relationLoadStrategy: 'query', order: { id: 1 } }),
  'findOne with a condition': (m) => m.findOne(Author, { where: { home: { city: 'City 3' } } }),
  findOneByOrFail: (m) => m.findOneByOrFail(Work, { title: 'Novel 2' }),
  'findOneBy of what is not there': (m) => m.findOneBy(Author, { id: 999 }),
  findAndCount: (m) => m.findAndCount(Author, { take: 3, skip: 2, order: { id: 1 } }),
  'pages with joins': (m) =>
    m.find(Author, { relations: { works: true }, take: 2, skip: 1, order: { id: 1 } }),
  'select of some columns': (m) =>
    m.find(Author, { select: { id: true, name: true, home: { city: true } }, order: { id: 1 } }),
  'select without the key': (m) => m.find(Author, { select: { name: true }, order: { name: 1 } }),
  'soft-deleted rows': (m) => m.find(Author, { withDeleted: true, order: { id: 1 } }),
  'child entity': (m) => m.find(Novel, { order: { title: 1 } }),
  'parent entity': (m) => m.find(Work, { relations: { author: true }, order: { title: 1 } }),
  'composite key': (m) => m.find(Shelf, { order: { room: 1, number: 1 } }),
  'relation ids': (m) => m.find(Work, { loadRelationIds: true, order: { title: 1 } }),
  getMany: (m) =>
    m
      .createQueryBuilder(Author, 'a')
      .leftJoinAndSelect('a.works', 'w', 'w.price > :p', { p: 1 })
      .orderBy('a.id')
      .addOrderBy('w.title')
      .getMany(),
  getOne: (m) => m.createQueryBuilder(Work, 'w').where('w.title = :t', { t: 'Recording 1' }).getOne(),
  'the same entity under two aliases': (m) =>
    m
      .createQueryBuilder(Work, 'w')
      .innerJoinAndSelect('w.author', 'a')
      .innerJoinAndMapMany('w.siblings', Work, 's', 's.authorId = a.id')
      .orderBy('w.title')
      .addOrderBy('s.title')
      .getMany(),
  getRawMany: (m) => m.createQueryBuilder(Author, 'a').orderBy('a.id').getRawMany(),
  'aggregates of raw results': (m) =>
    m.createQueryBuilder(Author, 'a').select('max(a.followers)', 'most').getRawOne(),
  count: (m) => m.count(Author),
  exists: (m) => m.existsBy(Author, { name: 'Author 1' }),
};

describe('reads of the application', () => {
  let library: Library;
  let backstory: Backstory;
  const categories = ['author', 'work', 'shelf', 'subject', 'workSubjectsSubject'];

  beforeAll(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource);
    const { manager } = library.dataSource;
    const subjects = await manager.save([
      manager.create(Subject, { code: 'a', label: 'A' }),
      manager.create(Subject, { code: 'b', label: 'B' }),
    ]);
    for (let n = 0; n < 6; n++) {
      await manager.save(
        manager.create(Author, {
          name: `Author ${n}`,
          followers: '9007199254740993',
          home: { city: `City ${n}`, street: null },
          preferences: { n },
          born: '1950-02-28',
          pseudonyms: ['x', 'y'],
          works: [
            manager.create(Novel, { title: `Novel ${n}`, price: 100 * n, subjects }),
            manager.create(Recording, { title: `Recording ${n}`, duration: '90 seconds', subjects: [] }),
          ],
        }),
      );
      await manager.update(Author, { name: `Author ${n}` }, { home: { street: `Street ${n}` } });
    }
    await manager.softDelete(Author, { name: 'Author 5' });
    await manager.save(Shelf, {
      room: 'a:%',
      number: 1,
      barcode: Buffer.from('é'),
      dusted: new Date(12_345),
    });
  });

  afterAll(async () => {
    await backstory.close();
    await library.close();
  });

  afterEach(async () => {
    for (const category of categories) await backstory.stages.set(category, 'capture');
  });

  const replayAll = async (): Promise<void> => {
    for (const category of categories) await backstory.stages.set(category, 'replay', { force: true });
  };

  it.each(Object.entries(reads))('%s: the same in capture, shadow and replay', async (_, read) => {
    const { manager } = library.dataSource;
    const plain = await read(manager);
    for (const category of categories) await backstory.stages.set(category, 'shadow', { force: true });
    expect(await read(manager)).toEqual(plain);
    await replayAll();
    expect(await read(manager)).toEqual(plain);
    expect(await library.dataSource.transaction((inner) => read(inner))).toEqual(plain);
  });

  it('gives instances of the right classes, which the application changes and saves as before', async () => {
    await replayAll();
    const { manager } = library.dataSource;
    const author = await manager.findOneOrFail(Author, {
      where: { name: 'Author 0' },
      relations: { works: true },
    });
    expect(author).toBeInstanceOf(Author);
    expect(author.works.map((work) => work.constructor.name).sort()).toEqual(['Novel', 'Recording']);
    const events = (await backstory.history('author', String(author.id))).length;
    await manager.save(author);
    expect(await backstory.history('author', String(author.id))).toHaveLength(events);
    author.home.city = 'Moved';
    await manager.save(author);
    const history = await backstory.history('author', String(author.id));
    expect(history).toHaveLength(events + 1);
    expect(Object.keys(history.at(-1)?.data ?? {}).sort()).toEqual(['home.city', 'updatedAt', 'version']);
    expect((await manager.findOneByOrFail(Author, { id: author.id })).home).toEqual({
      city: 'Moved',
      street: 'Street 0',
    });
  });

  it('sees its own uncommitted writes by replay, and nobody else does', async () => {
    await replayAll();
    const { dataSource } = library;
    await dataSource
      .transaction(async (manager) => {
        await manager.update(Author, { name: 'Author 1' }, { pseudonyms: ['uncommitted'] });
        const own = await manager.findOneByOrFail(Author, { name: 'Author 1' });
        expect(own.pseudonyms).toEqual(['uncommitted']);
        const others = await dataSource.manager.findOneByOrFail(Author, { name: 'Author 1' });
        expect(others.pseudonyms).toEqual(['x', 'y']);
        throw new Error('undo');
      })
      .catch((error: Error) => expect(error.message).toBe('undo'));
  });

  it('replays as of a version and as of a moment', async () => {
    const [shelf] = await library.dataSource.manager.find(Shelf);
    expect(await backstory.load(Shelf, 'a%3A%25:1')).toEqual(shelf);
    expect(await backstory.load(Shelf, 'a%3A%25:1')).toBeInstanceOf(Shelf);
    const events = await backstory.history('Author', '3');
    expect(events.map(({ type }) => type)).toEqual(['AuthorCreated', 'AuthorUpdated']);
    expect((await backstory.load(Author, '3', { version: 1 }))?.home.street).toBeNull();
    expect((await backstory.load(Author, '3', { asOf: events[0]?.recordedAt as Date }))?.name).toBe(
      'Author 2',
    );
    expect((await backstory.load(Author, '3'))?.home.street).toBe('Street 2');
    expect(await backstory.load(Author, '3', { asOf: new Date(0) })).toBeNull();
    expect(await backstory.load(Author, '999')).toBeNull();
    const novel = await library.dataSource.manager.findOneByOrFail(Novel, { title: 'Novel 2' });
    const loaded = await backstory.load(Work, novel.id);
    expect(loaded).toBeInstanceOf(Novel);
    expect({ ...loaded }).toEqual({ ...novel });
  });

  it('reads and folds streams of more than nine events in order', async () => {
    const { manager } = library.dataSource;
    for (let n = 1; n <= 12; n++)
      await manager.update(Author, { name: 'Author 4' }, { followers: String(n) });
    const { id } = await manager.findOneByOrFail(Author, { name: 'Author 4' });
    const history = await backstory.history('author', String(id));
    expect(history.map(({ streamPosition }) => streamPosition)).toEqual(history.map((_, n) => n + 1));
    expect((await backstory.load(Author, String(id)))?.followers).toBe('12');
    await replayAll();
    expect((await manager.findOneByOrFail(Author, { id })).followers).toBe('12');
  });

  it('returns the row and warns where a stream is missing, and fails nothing', async () => {
    const warnings: string[] = [];
    const other = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    const logger = { log: () => undefined, warn: (message: string) => void warnings.push(message) };
    const itsBackstory = await createBackstory(other, { logger });
    await library.dataSource.query(
      `set session_replication_role = replica;
       insert into shelf (room, number) values ('unseen', 1);
       set session_replication_role = origin`,
    );
    await replayAll();
    // another instance takes the stage up within a second
    await new Promise((resolve) => setTimeout(resolve, 1000));
    expect(await other.manager.findOneBy(Shelf, { room: 'unseen' })).toMatchObject({ number: 1 });
    expect(warnings.join()).toMatch(/No living stream shelf-unseen:1/);
    await itsBackstory.close();
    await other.destroy();
  });

  it('go on with the stages that are known when the stage table can not be reached, with one word about it', async () => {
    const warnings: string[] = [];
    const other = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    const logger = { log: () => undefined, warn: (message: string) => void warnings.push(message) };
    await backstory.stages.set('shelf', 'replay', { force: true });
    const itsBackstory = await createBackstory(other, { logger, stagePollMs: 20 });
    const manager = other.manager;
    await library.dataSource.query(`alter table backstory.stages rename to stages_away`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await manager.findOneBy(Shelf, { room: 'a:%' })).toMatchObject({ number: 1 });
    await library.dataSource.query(`alter table backstory.stages_away rename to stages`);
    expect(warnings).toEqual([
      expect.stringMatching(/^Could not read the stages, going on with the last known/),
    ]);
    await itsBackstory.close();
    await other.destroy();
  });

  it('are one Backstory to a DataSource', async () => {
    await expect(createBackstory(library.dataSource)).rejects.toMatchObject({ code: 'ALREADY_OPEN' });
  });
});
