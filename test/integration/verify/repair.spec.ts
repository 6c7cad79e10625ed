import { type Backstory, createBackstory } from '@backstory/adapter';
import { Author, Shelf } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { unseen } from '../../library/unseen.js';

describe('repair', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    backstory = await createBackstory(library.dataSource);
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  it('appends what differs, what is missing and what is gone, with who and why', async () => {
    const { manager } = library.dataSource;
    await manager.insert(
      Author,
      ['changed', 'gone', 'same'].map((name) => ({ name, home: {} })),
    );
    await manager.insert(Shelf, { room: 'a:b', number: 1 });
    await backstory.backfill();
    await unseen(
      library.dataSource,
      `update author set name = 'forged', followers = 5 where id = 1; delete from author where id = 2;
       insert into author (name, version) values ('unseen', 1); update shelf set barcode = '\\x00'`,
    );
    const { aggregates } = await backstory.verify({ aggregates: ['author', 'shelf'] });
    expect(aggregates.flatMap(({ drift }) => drift.map((d) => [d.category, d.streamId, d.kind]))).toEqual([
      ['author', '1', 'value'],
      ['author', '2', 'missing row'],
      ['author', '4', 'missing event'],
      ['shelf', 'a%3Ab:1', 'value'],
    ]);
    const events = async (): Promise<number> =>
      Number((await library.dataSource.query(`select count(*) from backstory.events`))[0].count);
    const before = await events();
    const [dry] = await backstory.repair({ aggregates: ['author'], dryRun: true });
    expect(dry?.repaired).toHaveLength(3);
    expect(await events()).toBe(before);

    await backstory.repair({ by: 'ops', reason: 'restored from a file' });
    expect(await events()).toBe(before + 4);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    const last = async (category: string, id: string) => (await backstory.history(category, id)).at(-1);
    expect(await last('author', '1')).toMatchObject({
      type: 'AuthorCorrected',
      change: 'updated',
      data: { name: 'forged', followers: '5' },
      metadata: { origin: 'repair', actor: 'ops', reason: 'restored from a file' },
    });
    expect(await last('author', '2')).toMatchObject({ type: 'AuthorDeleted', change: 'deleted', data: {} });
    expect(await last('author', '4')).toMatchObject({ type: 'AuthorCorrected', change: 'created' });
    expect((await last('author', '4'))?.data).toHaveProperty('version', 1);
    expect(await last('shelf', 'a%3Ab:1')).toMatchObject({ change: 'updated', data: { barcode: '\\x00' } });
  });

  it('settles thousands of drifts in batches while the application writes', async () => {
    await library.dataSource.query(
      `insert into author (name, version) select 'a' || n, 1 from generate_series(1, 3000) n`,
    );
    await unseen(library.dataSource, `update author set followers = id`);
    let writing = true;
    const writer = (async () => {
      for (let n = 1; writing; n++) {
        await library.dataSource.manager.update(Author, 1 + (n % 3000), { name: `w${n}` });
      }
    })();
    const [report] = await backstory.repair({ aggregates: ['author'] });
    writing = false;
    await writer;
    expect(report?.repaired).toHaveLength(3000);
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('leaves exact values exact: what JavaScript can not hold goes from the row to the event', async () => {
    await library.dataSource.manager.insert(Author, { name: 'a', home: {} });
    await unseen(library.dataSource, `update author set preferences = '{"n": 12345678901234567890.123}'`);
    await backstory.repair();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    const [{ n }] = await library.dataSource.query(
      `select data #>> '{preferences,n}' as n from backstory.events order by global_position desc limit 1`,
    );
    expect(n).toBe('12345678901234567890.123');
  });
});
