import { spawnSync } from 'node:child_process';
import { createBackstory } from '@backstory/adapter';
import { Author } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { type Ended, programOnLibrary, runProcess } from '../../library/program.js';

/** That of util-linux gives a command a real terminal; others take their arguments differently. */
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');
const onTerminals = hasScript ? describe : describe.skip;
if (!hasScript) console.warn('The program is not tried on a terminal: "script" of util-linux is missing.');

const escape = String.fromCharCode(27);
const quoted = (argument: string): string => `'${argument.replaceAll("'", `'\\''`)}'`;

describe('the program', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    for (let n = 0; n < 60; n++) await library.dataSource.manager.insert(Author, { name: `${n}`, home: {} });
    await (await createBackstory(library.dataSource, { aggregates: [Author] })).close();
  });

  afterEach(async () => {
    await library.close();
  });

  type Environment = Record<string, string | undefined>;
  const colourless: Environment = { NO_COLOR: undefined, FORCE_COLOR: undefined };

  const inPipe = (argv: readonly string[], environment: Environment = {}): Promise<Ended> =>
    runProcess(programOnLibrary(...argv), { LIBRARY_URL: library.url, ...colourless, ...environment });

  /** Both streams come out of the terminal together. */
  const onTerminal = (argv: readonly string[], environment: Environment = {}): Promise<Ended> => {
    const command = programOnLibrary(...argv)
      .map(quoted)
      .join(' ');
    return runProcess(['script', '-qec', `stty cols 120 rows 40; ${command}`, '/dev/null'], {
      LIBRARY_URL: library.url,
      TERM: 'xterm-256color',
      ...colourless,
      ...environment,
    });
  };

  // slow enough to be seen under way
  const slowly = ['backfill', 'author', '--chunk-size', '10', '--max-rate', '60'];

  it('says on a pipe how far a backfill is in plain lines, and the result on the other', async () => {
    const { code, out, err } = await inPipe(slowly);
    expect(code).toBe(0);
    expect(out).toMatch(/^aggregate +rows +first events +seconds +complete\nauthor +60 +60 +[\d.]+ +yes\n$/);
    const lines = err.trim().split('\n');
    expect(lines.pop()).toMatch(/^Next: npx backstory verify author {3}\(/);
    for (const line of lines)
      expect(line).toMatch(/^backfill author: \d+\/60 rows, \d+ events, \d+ rows\/s, (\d+ s left|done)$/);
    expect(lines.at(-1)).toMatch(/60\/60 rows, 60 events, .*done$/);
    expect(out + err).not.toContain(escape);
  });

  it('gives a program one JSON on stdout, whatever stderr says', async () => {
    const { out } = await inPipe([...slowly, '--json']);
    expect(JSON.parse(out)).toEqual([
      expect.objectContaining({ category: 'author', rows: 60, completed: true }),
    ]);
  });

  it('lets a reader leave who has seen enough', async () => {
    await inPipe(['backfill']);
    const history = programOnLibrary('history', 'author', '1').map(quoted).join(' ');
    const { out, err } = await runProcess(
      ['bash', '-c', `set -o pipefail; ${history} | head -n 1; echo $?`],
      {
        LIBRARY_URL: library.url,
      },
    );
    expect(out).toMatch(/AuthorCreated.*\n0\n$/);
    expect(err).toBe('');
  });

  it('takes colours into a pipe only when it is forced to', async () => {
    await library.dataSource.query('alter table author disable trigger "00_backstory_update"');
    expect((await inPipe(['doctor'])).out).toMatch(/^fault {2}author/);
    const forced = await inPipe(['doctor'], { FORCE_COLOR: '1' });
    expect(forced.out.startsWith(`${escape}[31mfault${escape}[39m  author`)).toBe(true);
    expect((await inPipe(['doctor'], { FORCE_COLOR: '1', NO_COLOR: '1' })).out).not.toContain(escape);
  });

  it('shows a stack only with --debug', async () => {
    const plain = await inPipe(['history', 'nobody', '1']);
    expect(plain.err).toMatch(/^There is no captured aggregate "nobody"\.\n {2}What to do: .*\n$/);
    const debugged = await inPipe(['history', 'nobody', '1', '--debug']);
    expect(debugged.err).toMatch(/^UnknownAggregateError: .*\n[^]*\n {4}at /);
    expect([plain.code, debugged.code]).toEqual([1, 1]);
  });

  onTerminals('on a terminal', () => {
    it('draws a bar that grows, and leaves the cursor visible', async () => {
      const { code, out } = await onTerminal(slowly);
      expect(code).toBe(0);
      const shares = [...out.matchAll(/author +[█░]+ (\d+)% \d+\/60 rows · \d+ rows\/s · /g)].map(
        ([, share]) => Number(share),
      );
      expect(new Set(shares).size).toBeGreaterThan(2);
      expect([...shares].sort((a, b) => a - b)).toEqual(shares);
      expect(shares.at(-1)).toBe(100);
      expect(out.lastIndexOf(`${escape}[?25h`)).toBeGreaterThan(out.lastIndexOf(`${escape}[?25l`));
      expect(out).toMatch(/author +60 +60 +[\d.]+ +yes/);
    });

    it('has colours, but not for whom they are not wanted', async () => {
      const red = `${escape}[31m`;
      expect((await onTerminal(['history', 'nobody', '1'])).out).toContain(red);
      expect((await onTerminal(['history', 'nobody', '1'], { NO_COLOR: '1' })).out).not.toContain(red);
      expect((await onTerminal(['history', 'nobody', '1'], { TERM: 'dumb' })).out).not.toContain(red);
    });
  });
});
