import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createBackstory, doctor, type Finding } from '@backstory/adapter';
import { runCommandLine } from '../../packages/adapter/src/cli/command-line.js';
import { Author, Shelf, Work } from '../library/entities.js';
import { type Library, openLibrary } from '../library/open-library.js';

describe('the doctor', () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
    process.env['LIBRARY_URL'] = library.url;
    jest.resetModules();
  });

  afterEach(async () => {
    await library.close();
  });

  const named = { aggregates: [Author, Shelf] };
  const sql = (statement: string): Promise<unknown> => library.dataSource.query(statement);
  const problems = (found: readonly Finding[]): string[] =>
    found.map(({ severity, aggregate = '-', problem }) => `${severity} ${aggregate}: ${problem}`);

  async function install(): Promise<void> {
    await (await createBackstory(library.dataSource, named)).close();
  }

  it('says what to run where nothing is installed, and changes nothing', async () => {
    expect(await doctor(library.dataSource)).toEqual([
      {
        severity: 'fault',
        problem: expect.stringContaining('missing or old'),
        remedy: 'npx backstory install',
      },
    ]);
    expect(await sql(`select from pg_namespace where nspname = 'backstory'`)).toEqual([]);
  });

  it('finds nothing where all is well', async () => {
    await install();
    expect(await doctor(library.dataSource, named)).toEqual([]);
  });

  it('takes its own triggers of parts, which fire for each row, for its own', async () => {
    const aggregates = ['all', { entity: Work, owns: ['subjects'] }];
    await (await createBackstory(library.dataSource, { aggregates })).close();
    const found = await doctor(library.dataSource, { aggregates });
    expect(problems(found).filter((problem) => problem.startsWith('fault'))).toEqual([]);
  });

  it('names triggers that are missing, disabled or overtaken', async () => {
    await install();
    await sql(`drop trigger "00_backstory_delete" on author; alter table shelf disable trigger "00_backstory_update";
      create function touch() returns trigger language plpgsql as 'begin return null; end';
      create trigger "00_a" after update on shelf for each row execute function touch()`);
    const found = await doctor(library.dataSource, named);
    expect(problems(found)).toEqual([
      'fault author: "public"."author" has no trigger "00_backstory_delete"',
      'fault shelf: trigger "00_backstory_update" of "public"."shelf" is disabled',
      'hint shelf: trigger "00_a" of "public"."shelf" fires before capture: what it changes is recorded before the change that it fires for',
    ]);
    expect(found[1]?.remedy).toContain('ALTER TABLE "public"."shelf" ENABLE TRIGGER "00_backstory_update"');
  });

  it('names columns that no entity has, those that are gone, and triggers made for others', async () => {
    await install();
    await sql(`alter table shelf add column colour text default 'red', alter column number type bigint`);
    expect(problems(await doctor(library.dataSource, named))).toEqual([
      'fault shelf: the triggers of "public"."shelf" were made for other columns, rules or options than the entity has now',
      'hint shelf: column "colour" of "public"."shelf" is not captured: no entity has it',
    ]);
    await sql(`alter table shelf drop column barcode`);
    expect(problems(await doctor(library.dataSource, named))).toEqual([
      expect.stringMatching(/^hint -: The table "public"\."shelf" has no column "barcode" .* older release/),
      expect.stringContaining('fault shelf: the triggers of "public"."shelf" were made for other columns'),
      expect.stringContaining('hint shelf: column "colour"'),
    ]);
    const unknown = { aggregates: [{ entity: Shelf, types: { updated: 'ShelfMoved' } }] };
    expect(problems(await doctor(library.dataSource, unknown))).toContain(
      'fault -: The table "public"."shelf" has no column "barcode" (property "barcode" of "Shelf").',
    );
  });

  it('finds a sequence that was left behind by a restore, and install mends it', async () => {
    await install();
    await library.dataSource.manager.insert(Shelf, { room: 'a', number: 1 });
    await sql(`alter sequence backstory.events_global_position_seq restart`);
    const [finding] = await doctor(library.dataSource, named);
    expect(finding).toMatchObject({
      severity: 'fault',
      problem: expect.stringContaining('behind the newest event at 1'),
    });
    expect(finding?.remedy).toBe('npx backstory install');
    await install();
    expect(await doctor(library.dataSource, named)).toEqual([]);
    await library.dataSource.manager.insert(Shelf, { room: 'a', number: 2 });
  });

  it('hints at what is captured though nobody names it', async () => {
    await install();
    expect(problems(await doctor(library.dataSource, { aggregates: [Author] }))).toEqual([
      expect.stringContaining('hint shelf: it is captured, but this application'),
    ]);
  });

  it('is a command: exit code 2 for a fault, 0 for a hint', async () => {
    const run = async (...more: string[]): Promise<[number, string]> => {
      const streams = { stdout: new PassThrough().setEncoding('utf8'), stderr: new PassThrough() };
      const code = await runCommandLine(
        ['doctor', '--data-source', join(__dirname, '../library/data-source.ts'), ...more],
        streams,
      );
      return [code, streams.stdout.read() as string];
    };
    expect(await run()).toEqual([2, expect.stringContaining('What to do: npx backstory install')]);
    await install();
    const [code, out] = await run();
    expect(code).toBe(0);
    expect(out).toMatch(
      /^hint +the DataSource has entities that are not captured, and can't say .*: Work, Subject, .*\n.*--config.*\n$/,
    );
    const folder = mkdtempSync(join(tmpdir(), 'backstory-doctor-'));
    const config = join(folder, 'backstory.config.cjs');
    writeFileSync(config, `module.exports = { aggregates: ['Author', 'Shelf'] };`);
    expect(await run('--config', config)).toEqual([0, 'All is well.\n']);
    rmSync(folder, { recursive: true });
    await sql(`alter table shelf add column colour text`);
    expect(await run()).toEqual([0, expect.stringContaining('hint   shelf: column "colour"')]);
  });

  it('a running instance says what it waits for, and what came past it', async () => {
    await sql('alter table author rename to later');
    const backstory = await createBackstory(library.dataSource, { ...named, missingTables: 'wait' });
    try {
      expect(problems(await backstory.doctor())).toEqual([expect.stringContaining('"public"."author"')]);
      await sql('alter table later rename to author');
      const after = problems(await backstory.doctor());
      expect(after).toContainEqual('fault author: "public"."author" has no trigger "00_backstory_insert"');
      expect(await backstory.admin.doctor()).toEqual(await backstory.doctor());
      await backstory.install();
      expect(await backstory.doctor()).toEqual([]);
    } finally {
      await backstory.close();
    }
  });

  it('names triggers of what another application captures, and that this one does not name', async () => {
    await install();
    await sql('alter table shelf disable trigger "00_backstory_update"');
    expect(problems(await doctor(library.dataSource, { aggregates: [Author] }))).toEqual([
      'fault shelf: trigger "00_backstory_update" of "public"."shelf" is disabled',
      expect.stringContaining('hint shelf: it is captured, but this application'),
    ]);
  });

  it('names roles, databases and connections for which no trigger fires', async () => {
    await install();
    const role = `silenced_${process.pid}`;
    const [{ name }] = (await sql('select quote_ident(current_database()) as name')) as [{ name: string }];
    await sql(`create role ${role}`);
    try {
      await sql(`alter role ${role} in database ${name} set session_replication_role = replica`);
      await sql(`alter database ${name} set session_replication_role = replica`);
      const found = (await doctor(library.dataSource, named)).map(({ severity, problem, remedy }) => [
        severity,
        problem,
        remedy,
      ]);
      expect(found.sort()).toEqual([
        [
          'fault',
          expect.stringContaining(`for database ${name}:`),
          expect.stringContaining(`ALTER DATABASE ${name} RESET`),
        ],
        [
          'fault',
          expect.stringContaining(`for role ${role} in database ${name}:`),
          expect.stringContaining(`ALTER ROLE ${role} IN DATABASE ${name} RESET session_replication_role`),
        ],
      ]);
    } finally {
      await sql(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('install says which entities it leaves alone because nothing tells whether they are to be captured', async () => {
    await install();
    const { runOnLibrary } = await import('../library/run-on-library.js');
    for (const words of [['install'], ['install', '--dry-run']]) {
      const { code, err } = await runOnLibrary(...words);
      expect(code).toBe(0);
      expect(err).toMatch(
        /The DataSource has entities that are not captured, and can't say whether they should be: Work, .*--config/,
      );
    }
  });
});
