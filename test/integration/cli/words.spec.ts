import { spawnSync } from 'node:child_process';
import { createBackstory, onEvent } from '@backstory/adapter';
import { Author } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { programOnLibrary, runProcess } from '../../library/program.js';
import { runOnLibrary as run } from '../../library/run-on-library.js';

/** That of util-linux gives a command a real terminal; others take their arguments differently. */
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');
const onTerminals = hasScript ? it : it.skip;
if (!hasScript) console.warn('Words are not tried on a terminal: "script" of util-linux is missing.');

const quoted = (argument: string): string => `'${argument.replaceAll("'", `'\\''`)}'`;

describe('the words of commands', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
    await (await createBackstory(library.dataSource, { aggregates: [Author] })).close();
  });

  afterEach(() => library.close());

  it('tell the next command, from install to shadow, on stderr', async () => {
    await library.dataSource.query(
      `alter table author disable trigger user; insert into author (name, version) values ('a', 1); alter table author enable trigger user`,
    );
    expect((await run('install')).err).toMatch(/^Next: npx backstory backfill {3}\(/m);
    expect((await run('status')).err).toMatch(/^Next: npx backstory backfill {3}\(/m);
    expect((await run('backfill', 'author')).err).toMatch(/^Next: npx backstory verify author {3}\(/m);
    expect((await run('status')).err).toMatch(/^Next: npx backstory verify {3}\(/m);
    expect((await run('verify')).err).toMatch(/^Next: npx backstory stage --all shadow {3}\(/m);
    expect((await run('stage', 'author', 'shadow')).err).toMatch(/^Next: npx backstory status {3}\(/m);
    expect((await run('status', '--json')).err).toBe('');
  });

  it('say what they have cut, and how to see it', async () => {
    await library.dataSource.manager.insert(Author, { name: 'n'.repeat(300), home: {} });
    await library.dataSource.manager.update(Author, 1, { name: 'short' });
    await library.dataSource.manager.update(Author, 1, { name: 'shorter' });
    const all = await run('history', 'author', '1');
    expect(all.out).toContain(`name: "${'n'.repeat(199)}… (302 characters; --json has them all)\n`);
    expect(all.out).toMatch(/^1 {2}\S+ {2}AuthorCreated {2}origin capture$/m);
    expect(all.err).toBe('');
    const last = await run('history', 'author', '1', '--last', '1');
    expect(last.err).toBe(
      'There are older events, up to position 2: leave --last out, or add --version 2.\n',
    );
    expect((await run('history', 'author', '1', '--last', '3')).err).toBe('');
  });

  it('say how far a consumer is behind at most, and where a list of parked events ends', async () => {
    const backstory = await createBackstory(library.dataSource, { aggregates: [Author] });
    const refuse = (): never => {
      throw new Error('no post today');
    };
    backstory.consumers.define({
      name: 'mailer',
      attempts: 1,
      handlers: [onEvent({ category: 'author' }, refuse)],
    });
    await backstory.consumers.start();
    for (const name of ['a', 'b', 'c']) await library.dataSource.manager.insert(Author, { name, home: {} });
    await backstory.consumers.wait('mailer');
    await backstory.close();
    const relay = await run('relay');
    expect(relay.out).toMatch(/^consumer +position +behind +seconds/);
    expect(relay.err).toMatch(/^Next: npx backstory relay parked mailer {3}\(/m);
    const cut = 'These are the first 2, as --limit says; there may be more: leave it out to see all.\n';
    expect((await run('relay', 'parked', 'mailer', '--limit', '2')).err).toBe(cut);
    expect((await run('relay', 'parked', 'mailer', '--limit', '9')).err).toBe('');
    expect((await run('relay', 'parked', 'mailer', '--limit', '2', '--json')).err).toBe('');
  });

  onTerminals('break no word of a refusal at the end of a line', async () => {
    const command = programOnLibrary('stage', 'author', 'replay', '--dry-run').map(quoted).join(' ');
    const { code, out } = await runProcess(['script', '-qec', `stty cols 44; ${command}`, '/dev/null'], {
      LIBRARY_URL: library.url,
      NO_COLOR: '1',
      TERM: 'xterm',
    });
    expect(code).toBe(1);
    const lines = out.replaceAll('\r', '').split('\n');
    const reasons = lines.slice(lines.findIndex((line) => line.startsWith('  - ')));
    expect(reasons.length).toBeGreaterThan(3);
    for (const line of reasons) expect(line.length).toBeLessThanOrEqual(44);
    const whole = (await run('stage', 'author', 'replay', '--dry-run')).out;
    expect(lines.join(' ').replaceAll(/\s+/g, ' ')).toContain(whole.trim().replaceAll(/\s+/g, ' '));
  });
});
