import { spawn, spawnSync } from 'node:child_process';
import { createBackstory } from '@backstory/adapter';
import type { QueryRunner } from 'typeorm';
import { Author, Subject } from '../../library/entities.js';
import { type Library, openLibrary } from '../../library/open-library.js';
import { type Ended, programOnLibrary, runProcess } from '../../library/program.js';

/** That of util-linux gives a command a real terminal; others take their arguments differently. */
const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');
const onTerminals = hasScript ? it : it.skip;
if (!hasScript) console.warn('Progress is not tried on a terminal: "script" of util-linux is missing.');

const escape = String.fromCharCode(27);
const quoted = (argument: string): string => `'${argument.replaceAll("'", `'\\''`)}'`;

describe('a command that takes long', () => {
  let library: Library;
  let locked: QueryRunner;
  let timer: NodeJS.Timeout | undefined;

  beforeEach(async () => {
    library = await openLibrary();
    await (await createBackstory(library.dataSource, { aggregates: [Author, Subject] })).close();
    await library.dataSource.query(
      `insert into subject (code, label) select 's' || n, 'n' from generate_series(1, 1200) n; analyze subject`,
    );
    await library.dataSource.manager.insert(Author, { name: 'a', home: {} });
    locked = library.dataSource.createQueryRunner();
  });

  afterEach(async () => {
    clearTimeout(timer);
    if (locked.isTransactionActive) await locked.rollbackTransaction();
    await locked.release();
    await library.close();
  });

  const environment = { LIBRARY_URL: '', NO_COLOR: '1', TERM: 'xterm-256color' };

  /** Lets it go on after so long. */
  const lockFor = async (milliseconds: number): Promise<void> => {
    await locked.startTransaction();
    await locked.query('lock table subject');
    timer = setTimeout(() => void locked.rollbackTransaction(), milliseconds);
  };

  /** Sends the signal when stderr says what is awaited. */
  function stopped(
    argv: readonly string[],
    signal: NodeJS.Signals,
    when: RegExp,
  ): Promise<Ended & { signal: string | null }> {
    return new Promise((resolve, reject) => {
      const [command = '', ...args] = programOnLibrary(...argv);
      const child = spawn(command, args, {
        env: { ...process.env, ...environment, LIBRARY_URL: library.url },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let [out, err, sent] = ['', '', false];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
        if (!sent && when.test(err)) {
          sent = true;
          child.kill(signal);
        }
      });
      child.on('error', reject).on('close', (code, by) => resolve({ code, out, err, signal: by }));
    });
  }

  it('says on stderr every two seconds how far it is, and nothing of it on stdout', async () => {
    await lockFor(7000);
    const { code, out, err } = await runProcess(programOnLibrary('verify', 'subject', '--json'), {
      ...environment,
      LIBRARY_URL: library.url,
    });
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ clean: true, aggregates: [{ rows: 1200 }] });
    const lines = err.trim().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) expect(line).toMatch(/^verify subject: (0|1200) of about 1200 rows, \d+ s$/);
  });

  it('says nothing of its progress where it is done at once', async () => {
    const { err } = await runProcess(programOnLibrary('verify'), {
      ...environment,
      LIBRARY_URL: library.url,
    });
    expect(err).not.toMatch(/verify (author|subject): \d/);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('verify ends at %s without a proof', async (signal) => {
    await lockFor(60_000);
    const { code, out, err } = await stopped(['verify'], signal, /verify subject: 0 of/);
    expect(code).toBe(1);
    expect(out).toMatch(/^author +1 +1 +0$/m);
    expect(out).toContain(
      'Stopped before the end of subject. Nothing is known or recorded of what is named here: npx backstory verify subject\n',
    );
    expect(out).not.toContain('Every replay');
    expect(err).toContain('verify stops behind the part that is under way. Ctrl-C again ends it at once.\n');
    expect(await library.dataSource.query('select category from backstory.verifications')).toEqual([
      { category: 'author' },
    ]);
  });

  it('verify says in JSON what it has not compared', async () => {
    await lockFor(60_000);
    const { code, out } = await stopped(['verify', '--json'], 'SIGINT', /verify subject: 0 of/);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ clean: false, unfinished: ['subject'] });
  });

  it('a repair names what it has corrected, and the next one does the rest', async () => {
    await library.dataSource.query(
      `alter table subject disable trigger user; update subject set label = 'behind'; alter table subject enable trigger user`,
    );
    await locked.startTransaction();
    await locked.query(`update subject set label = 'held' where code = 's999'`);
    const { code, out } = await stopped(
      ['repair', 'subject'],
      'SIGINT',
      /repair subject: \d+ of about 1200 streams/,
    );
    await locked.rollbackTransaction();
    expect(code).toBe(1);
    const corrected = out.match(/^corrected subject-s\d+ \(value\)$/gm)?.length ?? 0;
    const [{ count }] = await library.dataSource.query(
      `select count(*)::int as count from backstory.events where type = 'SubjectCorrected'`,
    );
    expect(corrected).toBe(count);
    expect(corrected).toBeLessThan(1200);
    expect(out).toMatch(
      /Stopped before the end of subject\. What was corrected stays; the same command goes on with the rest\.\n$/,
    );
    const rest = await runProcess(programOnLibrary('repair', 'subject'), {
      ...environment,
      LIBRARY_URL: library.url,
    });
    expect(rest.code).toBe(0);
    expect(rest.out.match(/^corrected /gm)).toHaveLength(1200 - corrected);
  });

  onTerminals('draws a bar on a terminal, of what is under way, and takes it away', async () => {
    await lockFor(5000);
    const command = programOnLibrary('verify', 'subject').map(quoted).join(' ');
    const { code, out } = await runProcess(
      ['script', '-qec', `stty cols 120 rows 40; ${command}`, '/dev/null'],
      { ...environment, LIBRARY_URL: library.url },
    );
    expect(code).toBe(0);
    expect(out).toMatch(/subject {14}░{30} 0% 0\/1200 rows · [1-4] s/);
    expect(out.lastIndexOf(`${escape}[?25h`)).toBeGreaterThan(out.lastIndexOf(`${escape}[?25l`));
    expect(out).toContain('Every replay equals its row.');
  });
});
