import { type Backstory, createBackstory, type EventData } from '@backstory/adapter';
import { Author, Work } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';
import { unseen } from '../../library/unseen.js';

describe.each([
  ['inside the database', {}],
  ['in Node.js', { upcasters: { '*': { 1: (data: EventData) => data } }, schemaVersion: 2 }],
])('before the backfill, %s', (_, evolution) => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    await library.dataSource.query(
      `insert into author (name, version) values ('a', 1), ('b', 1), ('c', 1);
       insert into work (kind, title, "authorId") values ('Work', 'of a', 1), ('Work', 'of b', 2)`,
    );
    backstory = await createBackstory(library.dataSource, {
      aggregates: ['all', { entity: Author, owns: ['works'], ...evolution }],
    });
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const verify = async () => {
    const { clean, aggregates } = await backstory.verify({ aggregates: ['author'] });
    return { clean, ...aggregates[0]! };
  };

  const types = async (id: string): Promise<string[]> =>
    (await backstory.history('author', id)).map(({ type }) => type);

  it('rows without an event are counted, and are neither drift nor clean', async () => {
    expect(await verify()).toMatchObject({
      clean: false,
      rows: 3,
      drifted: 0,
      drift: [],
      withoutFirstEvent: 3,
    });
    await library.dataSource.manager.update(Author, { id: 1 }, { name: 'captured' });
    expect(await verify()).toMatchObject({ clean: false, rows: 4, drifted: 0, withoutFirstEvent: 2 });
    expect(await backstory.verify({ aggregates: ['author'], streamIds: ['1', '2'] })).toMatchObject({
      clean: false,
      aggregates: [{ withoutFirstEvent: 1 }],
    });
    await backstory.backfill({ aggregates: ['author'], where: 't.id < 3' });
    expect(await verify()).toMatchObject({ clean: false, drifted: 0, withoutFirstEvent: 1 });
    await backstory.backfill({ aggregates: ['author'] });
    expect(await verify()).toMatchObject({ clean: true, rows: 5, withoutFirstEvent: 0 });
  });

  it('real drift is found beside them, and repaired alone', async () => {
    await library.dataSource.manager.update(Author, { id: 1 }, { name: 'captured' });
    await unseen(library.dataSource, `update author set name = 'forged'`, `update work set title = 'forged'`);
    expect(await verify()).toMatchObject({ drifted: 2, withoutFirstEvent: 2 });
    const [dry] = await backstory.repair({ aggregates: ['author'], dryRun: true });
    expect(dry).toMatchObject({ repaired: [{}, {}], withoutFirstEvent: 2 });
    const [report] = await backstory.repair({ aggregates: ['author'] });
    expect(report).toMatchObject({ repaired: [{}, {}], left: [], withoutFirstEvent: 2 });
    expect(await verify()).toMatchObject({ clean: false, drifted: 0, withoutFirstEvent: 2 });
    expect([await types('2'), await types('3')]).toEqual([[], []]);
    await backstory.backfill({ aggregates: ['author'] });
    expect(await backstory.history('author', '2')).toMatchObject([{ metadata: { origin: 'backfill' } }]);
    expect(await verify()).toMatchObject({ clean: true });
  });

  it('a part that belongs to no row waits for no backfill: it is drift', async () => {
    await library.dataSource.query(`alter table work drop constraint ${await foreignKey()}`);
    await library.dataSource.query(`insert into work (kind, title, "authorId") values ('Work', 'w', 99)`);
    await unseen(library.dataSource, `insert into work (kind, title, "authorId") values ('Work', 'w', 98)`);
    const { drift, withoutFirstEvent } = await verify();
    expect(drift.map(({ streamId, kind }) => [streamId, kind])).toEqual([['98', 'missing event']]);
    expect(withoutFirstEvent).toBe(3);
  });

  async function foreignKey(): Promise<string> {
    const [{ name }] = await library.dataSource.query(
      `select quote_ident(conname) as name from pg_constraint where conrelid = 'work'::regclass and contype = 'f' and confrelid = 'author'::regclass`,
    );
    return name;
  }

  it('a row whose stream has ended, or that comes unseen when all have their event, is drift', async () => {
    await library.dataSource.manager.delete(Work, { title: 'of b' });
    await library.dataSource.manager.delete(Author, { id: 2 });
    await unseen(library.dataSource, `insert into author (id, name, version) values (2, 'again', 1)`);
    expect(await verify()).toMatchObject({
      drift: [{ streamId: '2', kind: 'missing event' }],
      withoutFirstEvent: 2,
    });
    await backstory.backfill({ aggregates: ['author'] });
    await unseen(library.dataSource, `insert into author (id, name, version) values (9, 'unseen', 1)`);
    expect(await verify()).toMatchObject({ drifted: 2, withoutFirstEvent: 0 });
    await backstory.repair({ aggregates: ['author'] });
    expect(await types('9')).toEqual(['AuthorCorrected']);
    expect(await verify()).toMatchObject({ clean: true });
  });

  it('a verify that found them opens no stage', async () => {
    await verify();
    await backstory.backfill({ aggregates: ['author'] });
    await expect(backstory.stages.set('author', 'shadow')).rejects.toMatchObject({
      reasons: [
        'the last verify found 3 rows without a first event (run "npx backstory backfill author", then "npx backstory verify author")',
      ],
    });
    await verify();
    await backstory.stages.set('author', 'shadow');
  });
});

describe('before the backfill', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    await library.dataSource.query(`insert into author (name, version) values ('a', 1), ('b', 1)`);
  });

  afterEach(() => library.close());

  it('no row is deleted because its event is missing', async () => {
    const backstory = await createBackstory(library.dataSource);
    const [report] = await backstory.repair({ aggregates: ['author'], truth: 'events' });
    expect(report).toMatchObject({ repaired: [], withoutFirstEvent: 2 });
    expect(await library.dataSource.manager.count(Author)).toBe(2);
    await backstory.close();
  });

  it('verify and repair send to the backfill', async () => {
    await (await createBackstory(library.dataSource)).close();
    const sent = 'author: 2 rows have no first event yet: npx backstory backfill author\n';
    const verified = await runOnLibrary('verify', 'author');
    expect(verified).toMatchObject({ code: 2, out: expect.stringContaining(sent) });
    expect(verified.out).not.toMatch(/repair|equals its row/);
    expect(await runOnLibrary('repair', 'author')).toMatchObject({ code: 2, out: sent });
    expect((await runOnLibrary('status')).out).toMatch(/author +capture +- +2 without a first event/);
    expect((await runOnLibrary('backfill', 'author')).code).toBe(0);
    expect(await runOnLibrary('repair', 'author')).toMatchObject({
      code: 0,
      out: 'Nothing to repair in 1 aggregate.\n',
    });
    expect(await runOnLibrary('verify', 'author')).toMatchObject({ code: 0 });
  });
});
