import {
  type AggregateOptions,
  type Backstory,
  createBackstory,
  StageRefusedError,
} from '@backstory/adapter';
import { Author, Shelf, Work } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { behindTheTriggers } from './behind-the-triggers.js';

const owning: AggregateOptions = { entity: Author, owns: ['works'] };
const changed = /^it has been verified before the configuration or the tables changed/;

describe('what opens a gate', () => {
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

  /** The next deployment. */
  async function deploy(...aggregates: ('all' | AggregateOptions)[]): Promise<void> {
    await backstory.close();
    backstory = await createBackstory(library.dataSource, { aggregates });
  }

  async function prove(...aggregates: string[]): Promise<void> {
    await backstory.backfill({ aggregates });
    expect(await backstory.verify({ aggregates })).toMatchObject({ clean: true });
  }

  async function reasonsAgainst(...move: Parameters<Backstory['stages']['set']>): Promise<readonly string[]> {
    const error = await backstory.stages.set(...move).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error === undefined ? [] : (error as StageRefusedError).reasons;
  }

  async function read(times = 1): Promise<void> {
    for (let time = 0; time < times; time++) {
      await library.dataSource.manager.find(Author);
      await backstory.shadowSettled();
    }
  }

  const add = (names: readonly string[]): Promise<unknown> =>
    library.dataSource.manager.insert(
      Author,
      names.map((name) => ({ name, home: {} })),
    );

  const tamper = (): Promise<void> =>
    behindTheTriggers(library.dataSource, `update author set name = 'row ' || id`);

  it('is no proof of what was owned before: a larger share waits until all that is owned now was verified', async () => {
    await library.dataSource.query(
      `insert into author (name, version) values ('a', 1); insert into work (kind, title, "authorId") values ('Work', 'w', 1)`,
    );
    await prove('author', 'work');
    await backstory.stages.set('author', 'shadow');
    await read();
    await backstory.stages.set('author', 'replay', { percent: 50 });
    await deploy('all', owning);
    expect(await reasonsAgainst('author', 'replay')).toEqual([expect.stringMatching(changed)]);
    expect((await backstory.status()).find(({ category }) => category === 'author')).toMatchObject({
      verified: { outdated: true },
      shadow: null,
    });
    // what the refusals name, in turn, is what settles it
    await backstory.verify({ aggregates: ['author'] });
    expect(await reasonsAgainst('author', 'replay')).toEqual([
      'the last verify found 1 drifted streams (run "npx backstory repair author", then "npx backstory verify author")',
    ]);
    await backstory.repair({ aggregates: ['author'] });
    await backstory.verify({ aggregates: ['author'] });
    await backstory.stages.set('author', 'replay', { percent: 100 });
    expect((await backstory.load(Author, '1'))?.works).toMatchObject([{ title: 'w' }]);
  });

  it('is of all that is captured, also by an older release that knows a part of it', async () => {
    await add(['a']);
    await deploy('all', owning);
    await library.dataSource.manager.save(Work, { title: 'w', author: { id: 1 } });
    await prove('author');
    // an instance of the release before owns nothing, and verifies, too
    await deploy('all');
    await library.dataSource.query(
      `set session_replication_role = replica; update work set title = 'unseen'; set session_replication_role = origin`,
    );
    const { aggregates } = await backstory.verify({ aggregates: ['author'] });
    expect(aggregates[0]?.drift).toMatchObject([{ kind: 'value', part: { path: 'works' } }]);
    await backstory.repair({ aggregates: ['author'] });
    expect(await backstory.verify({ aggregates: ['author'] })).toMatchObject({ clean: true });
    expect(await reasonsAgainst('author', 'shadow')).toEqual([]);
  });

  it('is no proof of a table that was made again', async () => {
    const { manager } = library.dataSource;
    await manager.insert(Shelf, { room: 'a', number: 1 });
    await prove('shelf');
    await library.dataSource.query(
      `alter table shelf rename to shelf_before; create table shelf (like shelf_before including all);
       insert into shelf select 'b', number, barcode from shelf_before; drop table shelf_before`,
    );
    await deploy('all');
    // what the table has now was settled when it was bound, but nobody has proven it
    expect(await reasonsAgainst('shelf', 'shadow')).toEqual([expect.stringMatching(changed)]);
    await prove('shelf');
    await backstory.stages.set('shelf', 'shadow');
  });

  it('are shadow reads of what is captured now', async () => {
    await add(['a', 'b']);
    await prove('author');
    await backstory.stages.set('author', 'shadow');
    await read();
    await deploy('all', { entity: Author, exclude: ['born'] });
    await backstory.verify({ aggregates: ['author'] });
    expect(await reasonsAgainst('author', 'replay')).toEqual([
      expect.stringMatching(/^0 of 2 shadow reads were compared/),
    ]);
    await read();
    expect(await reasonsAgainst('author', 'replay')).toEqual([]);
  });

  it('are as many shadow reads as can be made: of the streams that live, where they are few', async () => {
    await add(['a', 'b', 'c', 'd']);
    await prove('author', 'work');
    await library.dataSource.manager.delete(Author, { id: 2 });
    await backstory.stages.set('author', 'shadow');
    await backstory.stages.set('work', 'shadow');
    const [author, work] = await backstory.stages.nextSteps(['author', 'work']);
    expect(author?.reasons).toEqual([expect.stringMatching(/^0 of 3 shadow reads were compared/)]);
    expect(work?.reasons).toEqual([]);
    await read();
    await backstory.stages.set('author', 'replay', { percent: 10 });
    // proven while it was empty, it asks again when there is something to be read
    await library.dataSource.manager.save(Work, { title: 'w', author: { id: 1 } });
    expect(await reasonsAgainst('work', 'replay')).toEqual([
      expect.stringMatching(/^0 of 1 shadow reads were compared/),
    ]);
  });

  it('are never more shadow reads than are required, however many streams live or have ended', async () => {
    await library.dataSource.query(
      `insert into author (name, version) select 'a' || n, 1 from generate_series(1, 700) n; delete from author where id <= 600`,
    );
    await prove('author');
    await backstory.stages.set('author', 'shadow');
    expect(await reasonsAgainst('author', 'replay')).toEqual([
      expect.stringMatching(/^0 of 100 shadow reads/),
    ]);
    await library.dataSource.query(`delete from author where id <= 690`);
    await backstory.verify({ aggregates: ['author'] });
    expect(await reasonsAgainst('author', 'replay')).toEqual([
      expect.stringMatching(/^0 of 10 shadow reads/),
    ]);
  });

  it('is no shadow read of a join table, which nobody reads by itself', async () => {
    await library.dataSource.query(
      `insert into work (kind, title) values ('Work', 'w'); insert into subject (code, label) values ('x', 'x');
       insert into work_subjects_subject ("workId", "subjectCode") select id, 'x' from work`,
    );
    await prove('workSubjectsSubject');
    await backstory.stages.set('workSubjectsSubject', 'shadow');
    await backstory.stages.set('workSubjectsSubject', 'replay');
  });

  it('is begun anew in place, once shadow reads have found drift', async () => {
    await add(['a', 'b']);
    await prove('author');
    await backstory.stages.set('author', 'shadow');
    await tamper();
    await read();
    await backstory.repair({ aggregates: ['author'] });
    await backstory.verify({ aggregates: ['author'] });
    const way = '"npx backstory stage author shadow", which counts anew)';
    expect(await reasonsAgainst('author', 'replay')).toEqual([
      expect.stringMatching(/^2 shadow reads found drift \(run "npx backstory repair author"/),
    ]);
    expect((await reasonsAgainst('author', 'replay'))[0]).toContain(way);
    const change = await backstory.stages.set('author', 'shadow', { by: 'ops', reason: 'mended' });
    expect(change).toMatchObject({ from: 'shadow', to: 'shadow', anew: true, forced: false });
    expect((await backstory.stages.history('author')).at(-1)).toEqual(change);
    const { shadow, differences } = (await backstory.status()).find(({ category }) => category === 'author')!;
    expect([shadow, differences]).toEqual([null, []]);
    expect((await backstory.admin.aggregate('author')).examples).toEqual([]);
    expect(await reasonsAgainst('author', 'replay')).toEqual([expect.stringMatching(/^0 of 2 shadow reads/)]);
    await read();
    await backstory.stages.set('author', 'replay', { percent: 10 });
  });

  it('is begun anew at the same percentage of replay', async () => {
    await add(Array.from({ length: 20 }, (_, n) => `a${n}`));
    await prove('author');
    await backstory.stages.set('author', 'shadow');
    await read();
    await backstory.stages.set('author', 'replay', { percent: 10 });
    await tamper();
    await read();
    await backstory.repair({ aggregates: ['author'] });
    await backstory.verify({ aggregates: ['author'] });
    expect((await reasonsAgainst('author', 'replay', { percent: 20 }))[0]).toContain(
      '"npx backstory stage author replay --percent 10", which counts anew)',
    );
    expect(await backstory.stages.set('author', 'replay', { percent: 10 })).toMatchObject({ anew: true });
    await backstory.stages.set('author', 'replay', { percent: 20 });
  });

  it('is named in full and in the order in which it is had, one line each', async () => {
    await add(['a']);
    await backstory.stages.set('author', 'off');
    const refused = await backstory.stages.set('author', 'replay').catch((thrown: unknown) => thrown);
    expect((refused as Error).message.split('\n')).toEqual([
      '"author" can\'t go from off to replay:',
      '  - capture comes first (run "npx backstory stage author capture")',
      '  - its backfill is not complete (run "npx backstory backfill author")',
      '  - it has not been verified since capture began (run "npx backstory verify author")',
      '  - shadow comes first (run "npx backstory stage author shadow")',
      expect.stringMatching(/^ {2}- 0 of 1 shadow reads were compared \(run .*\)$/),
      expect.stringMatching(/^ {2}What to do: /),
    ]);
  });
});
