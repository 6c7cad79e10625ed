import {
  type Backstory,
  type ConsumerStatus,
  createBackstory,
  onEvent,
  onEventBatch,
} from '@backstory/adapter';
import { runOnce } from '@backstory/adapter/testing';
import { Author, Shelf } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { seededRandom, seedOfRun } from '../../library/random.js';

const seed = seedOfRun();

describe('what a consumer has still to get', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource, { aggregates: [Author, Shelf] });
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const dueOf = async (name: string, options?: { due: boolean }): Promise<ConsumerStatus['due'][]> =>
    (await backstory.consumers.list(options)).filter((each) => each.name === name).map(({ due }) => due);
  const authors = (count: number): Promise<unknown> =>
    library.dataSource.manager.insert(
      Author,
      Array.from({ length: count }, (_, n) => ({ name: `a${n}`, home: {} })),
    );

  it(`is counted by its own filter, in each partition, seed ${seed}`, async () => {
    const random = seededRandom(seed);
    const got = new Map<string, number>();
    const count = (name: string) => () => void got.set(name, (got.get(name) ?? 0) + 1);
    backstory.consumers.define({
      name: 'of-deletions',
      handlers: [onEvent('AuthorDeleted', count('of-deletions'))],
    });
    backstory.consumers.define({
      name: 'of-shelves',
      handlers: [onEvent({ entity: Shelf }, count('of-shelves'))],
    });
    backstory.consumers.define({
      name: 'of-all',
      partitions: 3,
      handlers: [onEvent({ categories: 'all' }, count('of-all'))],
    });
    const names = ['of-deletions', 'of-shelves', 'of-all'];
    for (const name of names) await runOnce(backstory, name);
    backstory.consumers.project({
      name: 'projected',
      handlers: onEventBatch(['AuthorCreated'], (events) => {
        for (const _ of events) count('projected')();
      }),
    });
    await runOnce(backstory, 'projected');
    await authors(5 + Math.floor(random.next() * 30));
    await library.dataSource.query(`delete from author where id % 3 = 0`);
    await library.dataSource.manager.insert(Shelf, { room: 'a', number: 1 });
    const due = new Map<string, number>();
    for (const name of [...names, 'projected@1']) {
      const parts = await dueOf(name);
      expect([name, parts.every((part) => part?.more === false)]).toEqual([name, true]);
      due.set(
        name.replace('@1', ''),
        parts.reduce((sum, part) => sum + (part?.events ?? 0), 0),
      );
    }
    expect(await dueOf('of-all', { due: false })).toEqual([null, null, null]);
    for (const name of [...names, 'projected']) {
      await runOnce(backstory, name);
      expect([name, got.get(name)]).toEqual([name, due.get(name)]);
    }
    expect((await dueOf('of-all')).map((part) => part?.events)).toEqual([0, 0, 0]);
  });

  it('counts what appears in a gap, and no first events where the consumer gets none', async () => {
    const { dataSource } = library;
    backstory.consumers.define({ name: 'patient', handlers: [onEvent({ entity: Author }, () => undefined)] });
    await runOnce(backstory, 'patient');
    const slow = dataSource.createQueryRunner();
    await slow.startTransaction();
    await slow.manager.insert(Author, { name: 'slow', home: {} });
    await dataSource.manager.insert(Author, { name: 'quick', home: {} });
    await runOnce(backstory, 'patient');
    expect(await dueOf('patient')).toEqual([{ events: 0, more: false }]);
    await slow.commitTransaction();
    await slow.release();
    expect(await dueOf('patient')).toEqual([{ events: 1, more: false }]);
    await runOnce(backstory, 'patient');
    expect(await dueOf('patient')).toEqual([{ events: 0, more: false }]);
    await dataSource.query(
      `alter table author disable trigger user; insert into author (name, version) values ('old', 1); alter table author enable trigger user`,
    );
    await backstory.backfill();
    expect(await dueOf('patient')).toEqual([{ events: 0, more: false }]);
  });

  it('is said to be more where it is not counted to the end, and unknown where nobody defines the consumer', async () => {
    const define = (name: string, on: Parameters<typeof onEvent>[0]): void =>
      void backstory.consumers.define({ name, handlers: [onEvent(on as 'AuthorCreated', () => undefined)] });
    define('eager', { categories: 'all' });
    define('choosy', 'AuthorDeleted');
    await runOnce(backstory, 'eager');
    await runOnce(backstory, 'choosy');
    for (let n = 0; n < 4; n++) await authors(2501);
    await library.dataSource.query('delete from author where id < 4');
    expect(await dueOf('eager')).toEqual([{ events: 10_000, more: true }]);
    expect(await dueOf('choosy')).toEqual([{ events: 3, more: false }]);
    expect((await backstory.admin.consumers()).map(({ name, due }) => [name, due?.more])).toEqual([
      ['choosy', false],
      ['eager', true],
    ]);
    await backstory.close();
    backstory = await createBackstory(library.dataSource, { aggregates: [Author, Shelf] });
    const unknown = await backstory.consumers.list();
    expect(unknown.map(({ name, due, lag }) => [name, due, lag > 10_000])).toEqual([
      ['choosy', null, true],
      ['eager', null, true],
    ]);
  });
});
