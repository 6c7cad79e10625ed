import { type Backstory, createBackstory } from '@backstory/adapter';
import { Author, Shelf } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { runOnLibrary } from '../../library/run-on-library.js';

describe('several aggregates', () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    backstory = await createBackstory(library.dataSource);
    await library.dataSource.manager.insert(Author, { name: 'a', home: {} });
    await library.dataSource.manager.insert(Shelf, { room: 'a', number: 1 });
    await backstory.backfill({ aggregates: ['author', 'shelf'] });
    await backstory.verify({ aggregates: ['author', 'shelf'] });
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  async function standing(): Promise<Record<string, string>> {
    return Object.fromEntries((await backstory.status()).map(({ category, stage }) => [category, stage]));
  }

  it('move where they can, and say what stands against the others', async () => {
    const moves = await backstory.stages.setAll('shadow', { reason: 'all of them' });
    expect(moves.filter(({ refused }) => !refused).map(({ category }) => category)).toEqual([
      'author',
      'shelf',
    ]);
    expect(moves.find(({ category }) => category === 'work')).toEqual({
      category: 'work',
      change: null,
      refused: true,
      reasons: [
        expect.stringContaining('npx backstory backfill work'),
        expect.stringContaining('verify work'),
      ],
    });
    expect(await standing()).toMatchObject({ author: 'shadow', shelf: 'shadow', work: 'capture' });
    // again: who stands there is left alone, and nothing is counted anew
    const again = await backstory.stages.setAll('shadow');
    expect(again.map(({ category }) => category)).not.toContain('author');
    expect(await backstory.stages.history('author')).toHaveLength(2);
    expect(await backstory.stages.setAll('shadow', { aggregates: ['author'] })).toMatchObject([
      { change: { anew: true } },
    ]);
  });

  it('wait for each other only once when they leave replay', async () => {
    for (const each of await backstory.stages.setAll('replay', { force: true, reason: 'test' }))
      expect(each).toMatchObject({ refused: false, change: { forced: true } });
    const startedAt = Date.now();
    await backstory.stages.setAll('off');
    // each by itself would have waited for a second and a half
    expect(Date.now() - startedAt).toBeLessThan(5 * 1_500);
    expect(new Set(Object.values(await standing()))).toEqual(new Set(['off']));
    const triggers = await library.dataSource.query(`select from pg_trigger where tgname like 'backstory%'`);
    expect(triggers).toEqual([]);
  });

  it('move by the command line: by name, or all', async () => {
    const dry = await runOnLibrary('stage', '--all', 'shadow', '--dry-run');
    expect(dry.code).toBe(1);
    expect(dry.out).toContain('author: capture → shadow: nothing stands against it.\n');
    expect(dry.out).toContain(
      'work: capture → shadow would be refused:\n  - its backfill is not complete (run "npx backstory backfill work")\n',
    );
    expect(await standing()).toMatchObject({ author: 'capture' });
    expect(await runOnLibrary('stage', 'author', 'Shelf', 'shadow', '--reason', 'both')).toMatchObject({
      code: 0,
      out: 'author: capture → shadow\nshelf: capture → shadow\n',
    });
    const all = await runOnLibrary('stage', '--all', 'shadow', '--json');
    expect(all.code).toBe(1);
    expect(JSON.parse(all.out)).toEqual(
      expect.arrayContaining([
        { category: 'work', change: null, refused: true, reasons: [expect.any(String), expect.any(String)] },
      ]),
    );
    expect(await runOnLibrary('stage', 'author', 'work', 'shadow')).toMatchObject({
      code: 1,
      out: expect.stringMatching(
        /^author: shadow → shadow: shadow reads are counted anew\nwork: refused:\n {2}- its backfill/,
      ),
    });
    expect(await runOnLibrary('stage', '--all', 'capture')).toMatchObject({ code: 0 });
    expect((await runOnLibrary('stage', '--all', 'capture')).out).toBe('All stand in capture already.\n');
  });

  it.each([
    [['author', 'later'], /"later" is no stage/],
    [['--all'], /No stage is given/],
    [['--all', 'author', 'shadow'], /--all and author are given/],
    [['author', 'shelf'], /"shelf" is no stage/],
  ])('stage %j is refused in words', async (argv, message) => {
    expect(await runOnLibrary('stage', ...argv)).toMatchObject({
      code: 1,
      err: expect.stringMatching(message),
    });
  });
});
