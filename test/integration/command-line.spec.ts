import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createBackstory } from '@backstory/adapter';
import { runCommandLine } from '../../packages/adapter/src/cli/command-line.js';
import { Author, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';
import { runOnLibrary } from '../library/run-on-library.js';

describe('the command line', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
  });

  afterEach(async () => {
    await library.close();
  });

  const run = runOnLibrary;

  it('knows what the application has said of its aggregates, also what they own', async () => {
    const { manager } = library.dataSource;
    const { author } = await manager.save(Work, {
      title: 'w',
      author: await manager.save(Author, { name: 'a', home: {} }),
    });
    const aggregates = ['all', { entity: Author, owns: ['works'] }];
    await (await createBackstory(library.dataSource, { aggregates })).close();
    expect((await run('status')).out).not.toMatch(/^work /m);
    expect((await run('backfill')).code).toBe(0);
    await library.dataSource.query(
      `alter table work disable trigger user; update work set title = 'v'; alter table work enable trigger user`,
    );
    const [{ id }] = await library.dataSource.query(`select id from work`);
    const name = `author-${author?.id} works[${id}]`;
    expect(await run('verify')).toMatchObject({
      code: 2,
      out: expect.stringContaining(`${name}: value\n  title: row "v", replay "w"`),
    });
    expect((await run('repair', 'author')).out).toContain(`corrected ${name} (value)`);
    expect((await run('verify')).code).toBe(0);
    expect(await run('history', 'Work', id)).toMatchObject({
      code: 1,
      err: expect.stringContaining('it is "works" of the aggregate "author"'),
    });
  });

  it('estimates a backfill, limits it, and asks one that runs elsewhere', async () => {
    const { manager } = library.dataSource;
    for (let n = 0; n < 5; n++) await manager.insert(Author, { name: `Author ${n}`, home: {} });
    await run('install');
    expect(await run('backfill', 'author', '--dry-run')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/author +5 +5 +0 +\d/),
    });
    expect(await run('backfill', 'author', '--where', 't.id <= 2')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/author +2 +2 .*no: rows that the condition leaves out/),
    });
    expect(await run('backfill', '--pause', 'subject')).toMatchObject({
      code: 1,
      out: 'No backfill is under way.\n',
    });
    expect(
      await run(
        'backfill',
        '--parallel',
        '2',
        '--max-rate',
        '1000',
        '--max-active',
        '50',
        '--wait-while',
        'select false',
      ),
    ).toMatchObject({ code: 0, out: expect.stringMatching(/author +5 +3 .*yes/) });
    expect(await run('backfill', '--max-lag', 'soon')).toMatchObject({
      code: 1,
      err: expect.stringContaining('--max-lag soon is no number of seconds'),
    });
  });

  it('goes the whole way', async () => {
    const { manager } = library.dataSource;
    for (let n = 0; n < 3; n++) await manager.insert(Author, { name: `Author ${n}`, home: {} });

    expect(await run('status')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/missing or old.*\n.*npx backstory install/),
    });
    expect(await run('install')).toMatchObject({ code: 0, out: expect.stringContaining('Captured: author') });
    expect(await run('verify')).toMatchObject({
      code: 2,
      out: expect.stringContaining('author: 3 rows have no first event yet: npx backstory backfill author'),
    });
    expect(await run('backfill', 'author', 'Work')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/author +3 +3 .*yes/),
      err: expect.stringContaining('backfill author: 3/3 rows, 3 events'),
    });
    expect(await run('verify')).toMatchObject({
      code: 0,
      out: expect.stringContaining('Every replay equals its row.'),
    });
    expect(await run('stage', 'author', 'replay')).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /can't go from capture to replay:\n {2}- shadow comes first .*\n {2}- 0 of 3/,
      ),
    });
    expect(await run('stage', 'author', 'shadow', '--by', 'ops', '--reason', 'ready')).toMatchObject({
      code: 0,
      out: 'author: capture → shadow\n',
    });
    expect((await run('stage', 'author')).out).toMatch(/capture +shadow +ops +no +ready/);
    expect(await run('stage', 'author', 'replay', '--force')).toMatchObject({
      out: expect.stringMatching(
        /^author: shadow → replay, forced, although:\n {2}- 0 of 3 shadow reads were compared .*\n$/,
      ),
    });
    expect((await run('stage', 'author', 'replay', '--percent', '10')).out).toBe(
      'author: replay → replay 10 %\n',
    );
    expect((await run('status')).out).toMatch(/author +replay 10 %/);
    expect((await run('stage', 'author', '--history')).out).toMatch(/replay +replay 10 % +\w+ +no/);
    expect(await run('stage', 'author', '--percent', '10')).toMatchObject({
      code: 1,
      err: expect.stringContaining('--percent is given without a stage'),
    });
    expect(await run('stage', 'author', 'replay', '--percent', '101')).toMatchObject({
      code: 1,
      err: expect.stringContaining('percent 101 is no share of the streams'),
    });
    expect((await run('stage', 'author', 'replay', '--percent', '100')).out).toBe(
      'author: replay 10 % → replay\n',
    );
    const status = JSON.parse((await run('status', '--json')).out) as { category: string; stage: string }[];
    expect(status.find(({ category }) => category === 'author')).toMatchObject({
      stage: 'replay',
      verified: { drifted: 0 },
    });

    await library.dataSource.query(
      `alter table author disable trigger all; update author set name = 'changed' where id = 2; alter table author enable trigger all`,
    );
    const drifted = await run('verify', 'author');
    expect(drifted.code).toBe(2);
    expect(drifted.out).toContain('author-2: value\n  name: row "changed", replay "Author 1"');
    expect(await run('repair', '--dry-run')).toMatchObject({
      code: 0,
      out: 'would correct author-2 (value)\n  name: row "changed", replay "Author 1"\n',
    });
    expect((await run('verify')).code).toBe(2);
    expect(await run('repair', '--by', 'ops')).toMatchObject({
      code: 0,
      out: 'corrected author-2 (value)\n  name: row "changed", replay "Author 1"\n',
    });
    expect((await run('verify')).code).toBe(0);
    expect((await run('history', 'author', '2')).out).toMatch(
      /1 .*AuthorCreated {2}origin backfill\n[^]*2 .*AuthorCorrected {2}origin repair {2}by ops\n[^]*name: "changed"/,
    );
    expect((await run('history', 'author', '99')).out).toBe('author-99 has no events.\n');
  });

  it('knows without a configuration what the application leaves out', async () => {
    await (
      await createBackstory(library.dataSource, {
        aggregates: [{ entity: Author, category: 'writer', exclude: ['name'] }],
      })
    ).close();
    const status = JSON.parse((await run('status', '--json')).out) as { category: string }[];
    expect(status.map(({ category }) => category)).toEqual(['writer']);
    await library.dataSource.manager.insert(Author, { name: 'secret', home: {} });
    expect((await run('history', 'writer', '1')).out).not.toContain('secret');
    expect((await run('verify')).code).toBe(0);
  });

  it.each([
    [['verify', 'autor'], 1, /no captured aggregate "autor".*\n.*Use one of: author/],
    [['stage', 'author', 'later'], 1, /"later" is no stage.*\n.*off, capture, shadow, replay/],
    [['backfill', '--chunk-size', 'many'], 1, /--chunk-size many is no positive whole number/],
    [['history', 'author', '1', '--version', '0'], 1, /--version 0 is no positive whole number/],
    [['history', 'author', '1', '--as-of', 'yesterday'], 1, /--as-of yesterday is no date/],
    [['history', 'author'], 1, /missing required argument 'id'/],
    [['verfy'], 1, /unknown command 'verfy'/],
  ])('%j is refused in words, without a stack', async (argv, code, message) => {
    await (await createBackstory(library.dataSource)).close();
    const result = await run(...argv);
    expect(result).toMatchObject({ code, err: expect.stringMatching(message) });
    expect(result.err).not.toMatch(/\n\s+at /);
  });

  it('says what is wrong with the file that was named', async () => {
    const streams = { stdout: new PassThrough(), stderr: new PassThrough().setEncoding('utf8') };
    expect(await runCommandLine(['status'], streams)).toBe(1);
    expect(await runCommandLine(['status', '--data-source', 'nowhere.js'], streams)).toBe(1);
    expect(
      await runCommandLine(['status', '--data-source', join(__dirname, '../library/random.ts')], streams),
    ).toBe(1);
    const said = streams.stderr.read() as string;
    expect(said).toMatch(/No application was named/);
    expect(said).toMatch(/There is no file .*nowhere\.js/);
    expect(said).toMatch(/exports no TypeORM DataSource/);
    process.env['LIBRARY_URL'] = 'postgres://postgres@127.0.0.1:1/nothing';
    expect(await run('status')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/No connection to the database: .*ECONNREFUSED/),
    });
  });

  it('helps with examples', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toMatch(/Examples:[^]*npx backstory verify/);
  });
});
