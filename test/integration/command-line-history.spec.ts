import { type BackstoryOptions, createBackstory } from '@backstory/adapter';
import { Author, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { runOnLibrary as run } from '../library/run-on-library.js';

describe('histories and snapshots on the command line', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
  });

  afterEach(() => library.close());

  it('shows the state that the events of an entity come to, at a version and at a moment', async () => {
    const { manager } = library.dataSource;
    await run('install');
    await manager.insert(Author, { name: 'Ada', home: { city: 'Oslo' } });
    await manager.update(Author, 1, { home: { city: 'Bergen' } });
    await manager.delete(Author, 1);
    const state = (...argv: string[]) => run('history', 'author', '1', '--state', ...argv);
    expect(await state('--version', '2')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^2 {2}author-1\n[^]* {5}name: "Ada"\n[^]* {5}home\.city: "Bergen"\n/),
    });
    expect(JSON.parse((await state('--version', '1', '--json')).out)).toMatchObject({
      position: 1,
      state: { id: 1, name: 'Ada', 'home.city': 'Oslo', followers: '0' },
    });
    expect(await state()).toMatchObject({ code: 0, out: '3  author-1 is deleted.\n' });
    expect(JSON.parse((await state('--json')).out)).toEqual({ position: 3, state: null });
    expect((await state('--as-of', '2000-01-01')).out).toBe('author-1 has no events.\n');
    expect((await state('--as-of', 'soon')).err).toMatch(/--as-of soon is no date/);
  });

  it('shows a history up to a version or a moment', async () => {
    await run('install');
    const { manager } = library.dataSource;
    const { id } = await manager.save(Author, { name: 'one', home: {} });
    for (const name of ['two', 'three']) {
      // moments are told apart by the millisecond
      await manager.query('select pg_sleep(0.002)');
      await manager.update(Author, id, { name });
    }
    const events = JSON.parse((await run('history', 'author', '1', '--json')).out) as {
      streamPosition: number;
      recordedAt: string;
    }[];
    expect(events.map(({ streamPosition }) => streamPosition)).toEqual([1, 2, 3]);
    const positions = async (...options: string[]): Promise<unknown> => {
      const { code, out } = await run('history', 'author', '1', '--json', ...options);
      expect(code).toBe(0);
      return (JSON.parse(out) as { streamPosition: number }[]).map((event) => event.streamPosition);
    };
    expect(await positions('--version', '2')).toEqual([1, 2]);
    expect(await positions('--version', '99')).toEqual([1, 2, 3]);
    for (const [n, { recordedAt }] of events.entries()) {
      expect(await positions('--as-of', recordedAt)).toEqual([1, 2, 3].slice(0, n + 1));
    }
    expect(await positions('--as-of', events[2]!.recordedAt, '--version', '1')).toEqual([1]);
    expect(await positions('--as-of', '2001-01-01')).toEqual([]);
    expect(await positions('--last', '2')).toEqual([2, 3]);
    expect(await positions('--version', '2', '--last', '1')).toEqual([2]);
    expect(await positions('--after', '1')).toEqual([2, 3]);
    expect(await positions('--after', '3')).toEqual([]);
    for (const [option, value, problem] of [
      ['--last', '0', /--last 0 is no positive whole number/],
      ['--after', 'x', /--after x is no positive whole number/],
    ] as const) {
      expect(await run('history', 'author', '1', option, value)).toMatchObject({
        code: 1,
        err: expect.stringMatching(problem),
      });
    }
    expect(await run('history', 'author', '1', '--state', '--last', '1')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/--last is for the events, and --state comes from all of them/),
    });
    const { out } = await run('history', 'Author', '1', '--version', '2');
    expect(out).toMatch(/^1 .*AuthorCreated[^]*^2 .*AuthorUpdated[^]*name: "two"/m);
    expect(out).not.toContain('three');
    expect((await run('history', 'author', '1', '--as-of', '2001-01-01')).out).toBe(
      'author-1 has no events.\n',
    );
  });

  it('makes snapshots anew, of the aggregates that are named or of all', async () => {
    const aggregates = [
      'all',
      { entity: Author, snapshots: { every: 2 } },
      { entity: Work, snapshots: 'off' },
    ];
    const backstory = await createBackstory(library.dataSource, { aggregates } as BackstoryOptions);
    const { manager } = library.dataSource;
    for (const name of ['a', 'b', 'c']) await manager.insert(Author, { name, home: {} });
    await manager.update(Author, [1, 2], { name: 'A' });
    await manager.update(Author, 1, { name: 'AA' });
    await backstory.load(Author, '1');
    await backstory.snapshotsSettled();
    await backstory.close();
    // an entry that was spoilt is gone afterwards: this is what the command is for
    await manager.query(`update backstory.snapshots set state = '{"root":{"name":"spoilt"},"parts":[]}'`);
    const snapshots = (): Promise<unknown> =>
      manager.query(
        `select category, stream_id as id, stream_position::integer as position, state #>> '{root,name}' as name
         from backstory.snapshots order by 1, 2, 3`,
      );
    expect(await run('snapshots', 'work')).toMatchObject({
      code: 0,
      out: 'work: 0 snapshots removed, 0 taken\n',
    });
    expect(await snapshots()).toEqual([{ category: 'author', id: '1', position: 2, name: 'spoilt' }]);
    expect(await run('snapshots', 'Author')).toMatchObject({
      code: 0,
      out: 'author: 1 snapshots removed, 2 taken\n',
    });
    const anew = ['1', '2'].map((id) => ({ category: 'author', id, position: 2, name: 'A' }));
    expect(await snapshots()).toEqual(anew);
    const all = JSON.parse((await run('snapshots', '--json')).out) as { category: string }[];
    expect(all).toContainEqual({ category: 'author', removed: 2, taken: 2 });
    expect(all.map(({ category }) => category)).toContain('shelf');
    expect(await snapshots()).toEqual(anew);
    expect(await run('snapshots', 'autor')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no captured aggregate "autor"'),
    });
  });
});
