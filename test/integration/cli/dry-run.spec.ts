import { createBackstory } from '@backstory/adapter';
import { Author } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';

describe('a dry run', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
  });

  afterEach(async () => {
    await library.close();
  });

  const query = (sql: string): Promise<unknown[]> => library.dataSource.query(sql);
  const aggregates = [{ entity: Author, snapshots: { every: 2 } }];

  it('of install says what is missing, and changes nothing', async () => {
    expect(await runOnLibrary('install', '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Would run \d+ migrations.*triggers of: .*author/),
    });
    expect(await query(`select from pg_namespace where nspname = 'backstory'`)).toEqual([]);
    await runOnLibrary('install');
    expect((await runOnLibrary('install', '--dry-run')).out).toBe('Nothing is missing.\n');
    await query(`alter table author add column nickname text; alter table author drop column born`);
    expect(await runOnLibrary('install', '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringContaining('make the triggers of: author.'),
    });
    expect(await runOnLibrary('install', '--dry-run', '--app', __filename)).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no --dry-run with --app'),
    });
  });

  it('of stage says what stands against it, and moves nothing', async () => {
    await (await createBackstory(library.dataSource, { aggregates })).close();
    expect(await runOnLibrary('stage', 'author', 'shadow', '--dry-run')).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^author: capture → shadow would be refused:\n {2}- its backfill is not complete .*\n {2}- it has not been verified .*\n$/,
      ),
    });
    await runOnLibrary('backfill');
    await runOnLibrary('verify');
    expect(await runOnLibrary('stage', 'author', 'shadow', '--dry-run')).toMatchObject({
      code: 0,
      out: 'author: capture → shadow: nothing stands against it.\n',
    });
    const answer = await runOnLibrary('stage', 'author', 'replay', '--percent', '10', '--dry-run', '--json');
    expect(JSON.parse(answer.out)).toMatchObject({
      category: 'author',
      from: 'capture',
      to: 'replay',
      percent: 10,
      reasons: expect.arrayContaining([expect.stringContaining('shadow comes first')]),
    });
    await runOnLibrary('stage', 'author', 'off', '--dry-run');
    expect(await query(`select stage from backstory.stages`)).toEqual([{ stage: 'capture' }]);
    expect(await query(`select from backstory.stage_changes where to_stage <> 'capture'`)).toEqual([]);
    expect((await runOnLibrary('doctor')).code).toBe(0);
  });

  it('of snapshots counts them, and takes none', async () => {
    const backstory = await createBackstory(library.dataSource, { aggregates });
    const { manager } = library.dataSource;
    for (const id of [1, 2]) {
      await manager.insert(Author, { id, name: 'a', home: {} });
      await manager.update(Author, id, { name: 'b' });
    }
    await manager.insert(Author, { id: 3, name: 'short', home: {} });
    await backstory.load(Author, '1');
    await backstory.snapshotsSettled();
    await backstory.close();
    expect((await runOnLibrary('snapshots', '--dry-run')).out).toBe(
      'author: 1 snapshots would be removed, 2 would be taken\n',
    );
    expect(await query('select stream_id from backstory.snapshots')).toEqual([{ stream_id: '1' }]);
    expect((await runOnLibrary('snapshots')).out).toBe('author: 1 snapshots removed, 2 taken\n');
  });

  it('of rebuild says whether one is under way, and asks for none', async () => {
    const backstory = await createBackstory(library.dataSource, { aggregates });
    backstory.consumers.project({
      name: 'names',
      tables: ['names'],
      create: (manager, tables) => manager.query(`create table ${tables['names']} (name text)`),
      handlers: [{ on: 'AuthorCreated', handle: () => undefined }],
    });
    await backstory.consumers.start();
    await backstory.consumers.stop();
    await backstory.close();
    expect(await runOnLibrary('rebuild', 'names', '--dry-run')).toMatchObject({
      code: 0,
      out: 'names would be built anew, beside the live generation.\n',
    });
    expect(await runOnLibrary('rebuild', 'names', '--no-wait')).toMatchObject({ code: 0 });
    expect((await runOnLibrary('rebuild', 'names', '--dry-run')).out).toMatch(/is being built anew already/);
  });
});
