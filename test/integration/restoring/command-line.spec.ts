import { Author } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary as run } from '../../library/run-on-library.js';

describe('restore on the command line', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    await run('install');
    const { manager } = library.dataSource;
    await manager.insert(Author, { name: 'Ada', home: { city: 'Oslo' } });
    await manager.query('select pg_sleep(0.002)');
    await manager.update(Author, 1, { name: 'Bob' });
  });

  afterEach(() => library.close());

  const name = async (): Promise<string> =>
    (await library.dataSource.query('select name from author'))[0]?.name;

  it('says what it would change, and changes it for a reason', async () => {
    const dry = await run('restore', 'author', '1', '--version', '1', '--dry-run');
    expect(dry).toEqual({
      code: 0,
      err: '',
      out: 'author-1 would be restored to version 1:\n   name: "Bob" → "Ada"\n',
    });
    expect(await name()).toBe('Bob');
    const refused = await run('restore', 'author', '1', '--version', '1');
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('restored for a reason') });
    const conflict = await run(
      'restore',
      'author',
      '1',
      '--version',
      '1',
      '--expected-version',
      '1',
      '--reason',
      'x',
    );
    expect(conflict).toMatchObject({
      code: 1,
      err: expect.stringContaining('ends at position 2, and 1 was expected'),
    });
    expect(await name()).toBe('Bob');
    const done = await run(
      'restore',
      'author',
      '1',
      '--version',
      '1',
      '--by',
      'anna',
      '--reason',
      'slip',
      '--expected-version',
      '2',
    );
    expect(done).toMatchObject({
      code: 0,
      out: 'author-1 was restored to version 1, which is version 3 now:\n   name: "Bob" → "Ada"\n',
    });
    expect(await name()).toBe('Ada');
    const [event] = JSON.parse((await run('history', 'author', '1', '--last', '1', '--json')).out);
    expect(event.metadata).toEqual({ origin: 'restore', restoredTo: 1, actor: 'anna', reason: 'slip' });
    const again = await run('restore', 'author', '1', '--version', '1', '--reason', 'slip', '--json');
    expect(JSON.parse(again.out)).toMatchObject({ changes: [], restoredTo: 1, version: 3 });
  });

  it('brings back what was deleted, as of a moment', async () => {
    const [{ at }] = await library.dataSource.query(
      `select recorded_at as at from backstory.events where stream_position = 1`,
    );
    await library.dataSource.manager.delete(Author, 1);
    const done = await run(
      'restore',
      'author',
      '1',
      '--as-of',
      (at as Date).toISOString(),
      '--reason',
      'slip',
    );
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('   name: nothing → "Ada"\n') });
    expect(await name()).toBe('Ada');
  });

  it('has exit code 2 where a trigger has changed what was written, and needs one version', async () => {
    await library.dataSource.query(
      `create function louder() returns trigger language plpgsql as $$ begin new.name := new.name || '!'; return new; end $$;
       create trigger aa before update on author for each row execute function louder()`,
    );
    const done = await run('restore', 'author', '1', '--version', '1', '--reason', 'slip');
    expect(done).toMatchObject({
      code: 2,
      out: expect.stringContaining('A trigger has changed what was written: name: "Ada!" → "Ada"'),
    });
    for (const given of [[], ['--version', '1', '--as-of', '2026-01-01']])
      expect(await run('restore', 'author', '1', '--dry-run', ...given)).toMatchObject({
        code: 1,
        err: expect.stringContaining('restore needs a version'),
      });
  });
});
