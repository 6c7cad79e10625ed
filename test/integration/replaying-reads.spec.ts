import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, entities, Novel, Shelf, Work } from '../library/entities.js';
import { fillLibrary } from '../library/fill-library.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { reads } from '../library/reads.js';

describe('reads of the application', () => {
  let library: Library;
  let backstory: Backstory;
  const categories = ['author', 'work', 'shelf', 'subject', 'workSubjectsSubject'];

  beforeAll(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource);
    await fillLibrary(library.dataSource.manager);
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

  it('replays the columns beside an expression, which is computed over the table', async () => {
    await replayAll();
    const runner = library.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('alter table author disable trigger user');
    await runner.query(`update author set name = 'unseen', followers = 7 where name = 'Author 2'`);
    const [author] = await runner.manager
      .createQueryBuilder(Author, 'a')
      .addSelect('a.followers * 10', 'a_followers')
      .where({ name: 'unseen' })
      .getMany();
    expect(author).toMatchObject({ name: 'Author 2', followers: '70' });
    await runner.rollbackTransaction();
    await runner.release();
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
