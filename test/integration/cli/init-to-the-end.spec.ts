import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { answerCommand } from '../../library/answer-command.js';
import { program, runProcess } from '../../library/program.js';
import { runCommand } from '../../library/run-command.js';
import { accountEntities } from './made-for-proposals.js';

const root = join(__dirname, '../../..');
const accounts = join(__dirname, 'accounts-data-source.ts');

const moduleSource = `import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { accountEntities } from '${join(__dirname, 'made-for-proposals')}';

@Module({
  imports: [
    TypeOrmModule.forRoot({ type: 'postgres', url: process.env.ACCOUNTS_URL, entities: accountEntities }),
  ],
})
export class AppModule {}
`;

const edited = moduleSource
  .replace(
    "proposals';\n",
    "proposals';\nimport { BackstoryModule } from '@backstory/nest-module';\nimport backstoryOptions from './backstory.config';\n",
  )
  .replace('accountEntities }),\n', 'accountEntities }),\n    BackstoryModule.forRoot(backstoryOptions),\n');

describe('backstory init, to the end', () => {
  const { CI: ci } = process.env;
  const before = process.cwd();
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    delete process.env['CI'];
    database = await createTestDatabase();
    process.env['ACCOUNTS_URL'] = database.url;
    const dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: accountEntities,
      synchronize: true,
    });
    await (await dataSource.initialize()).destroy();
    folder = mkdtempSync(join(tmpdir(), 'backstory-init-'));
    process.chdir(folder);
    mkdirSync('src');
    writeFileSync('src/app.module.ts', moduleSource);
    writeFileSync('package.json', '{}');
    writeFileSync('tsconfig.json', '{ "compilerOptions": { "paths": {} } }');
    symlinkSync(join(root, 'node_modules'), 'node_modules');
    jest.resetModules();
  });

  afterEach(async () => {
    if (ci !== undefined) process.env['CI'] = ci;
    process.chdir(before);
    rmSync(folder, { recursive: true });
    await database.drop();
  });

  const files = (): string[] =>
    readdirSync('.', { recursive: true, encoding: 'utf8' })
      .filter((file) => !file.startsWith('node_modules') && /\.[jt]s$/.test(file))
      .sort();
  const read = (file: string): string => readFileSync(file, 'utf8');
  const application = ['--data-source', accounts];

  it('asks, shows what would change in the root module, and changes that', async () => {
    const { code, out, asked } = await answerCommand(['', '', ''], 'init', ...application);
    expect(code).toBe(0);
    expect(asked).toContain('Write the configuration to [src/backstory.config.ts] ');
    expect(asked).toContain(
      'Is the database changed by migrations only? Then one that installs is written. [y/N] ',
    );
    expect(asked).toContain(`src/app.module.ts:
  import { accountEntities } from '${join(__dirname, 'made-for-proposals')}';
+ import { BackstoryModule } from '@backstory/nest-module';
+ import backstoryOptions from './backstory.config';

  …
      TypeOrmModule.forRoot({ type: 'postgres', url: process.env.ACCOUNTS_URL, entities: accountEntities }),
+     BackstoryModule.forRoot(backstoryOptions),
    ],
Change it so? [Y/n] `);
    expect(out).toBe(
      `Written to src/backstory.config.ts.\nWritten to src/app.module.ts.\nLook through src/backstory.config.ts. Then:\n  npx backstory install --data-source ${accounts} --config src/backstory.config.ts\n`,
    );
    expect(files()).toEqual(['src/app.module.ts', 'src/backstory.config.ts']);
    expect(read('src/app.module.ts')).toBe(edited);
    expect(read('src/backstory.config.ts')).toMatch(/^export default \{$/m);
  });

  it('leaves an application that starts, and captures what was proposed', async () => {
    await runCommand('init', '--yes', ...application);
    const { code, out, err } = await runProcess(
      program('status', '--json', '--app', 'src/app.module.ts'),
      {
        ACCOUNTS_URL: database.url,
      },
      folder,
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const aggregates = JSON.parse(out) as { category: string; stage: string }[];
    expect(aggregates.find(({ category }) => category === 'account')).toMatchObject({ stage: 'capture' });
  });

  it('writes the migration that installs, and has the start only look', async () => {
    const { code, out } = await answerCommand(['src/history.ts', 'Y', 'src/db', 'y'], 'init', ...application);
    expect(code).toBe(0);
    const [migration = ''] = files().filter((file) => file.startsWith('src/db/'));
    expect(read(migration)).toContain("import options from '../history';");
    expect(read(migration)).toContain('await installBackstory(queryRunner, { ...options });');
    expect(read('src/app.module.ts')).toContain(
      "BackstoryModule.forRoot({ ...backstoryOptions, install: 'check' }),",
    );
    expect(out).toContain(`Then run ${migration} with your other migrations, and:\n  npx backstory doctor `);
  });

  it('names files as an ES module has to, and what is compiled where its loader is a compiler', async () => {
    writeFileSync('package.json', '{ "type": "module" }');
    mkdirSync('dist');
    // what it is compiled to
    writeFileSync('dist/data-source.cjs', `module.exports = require(${JSON.stringify(accounts)});`);
    writeFileSync('src/data-source.cts', '');
    const { code, out } = await runCommand(
      ...['init', '--out', 'src/backstory.config.ts', '--migrations', 'src/migrations', '--yes'],
      ...['--data-source', 'dist/data-source.cjs'],
    );
    expect(code).toBe(0);
    const [migration = ''] = files().filter((file) => file.startsWith('src/migrations/'));
    expect(read(migration)).toContain("import options from '../backstory.config.js';");
    expect(read('src/app.module.ts')).toContain("import backstoryOptions from './backstory.config.js';");
    expect(out).toContain('Look through src/backstory.config.ts, and compile the application.');
    expect(out).toContain('--data-source dist/data-source.cjs --config dist/backstory.config.js\n');
  });

  it('prints what goes into a root module that it does not change', async () => {
    const refused = await answerCommand(['', 'n', 'n'], 'init', ...application);
    expect(refused.out).toContain('@Module({ imports: [ …, BackstoryModule.forRoot(backstoryOptions)] })');
    expect(read('src/app.module.ts')).toBe(moduleSource);
    rmSync('src/app.module.ts');
    const none = await answerCommand(['', ''], 'init', ...application);
    expect(none.out).toContain("import backstoryOptions from '../backstory.config.js';");
    expect(files()).toEqual(['backstory.config.js', 'src/backstory.config.ts']);
  });

  it('asks before it writes over a file, and takes Enter for no', async () => {
    writeFileSync('src/backstory.config.ts', 'mine');
    const { code, asked } = await answerCommand(['', ''], 'init', ...application);
    expect(code).toBe(1);
    expect(asked).toContain('src/backstory.config.ts is there already. Write over it? [y/N] ');
    expect(read('src/backstory.config.ts')).toBe('mine');
    expect(read('src/app.module.ts')).toBe(moduleSource);
    expect((await answerCommand(['', 'yes', '', 'n'], 'init', ...application)).code).toBe(0);
    expect(read('src/backstory.config.ts')).toContain('Proposed by "npx backstory init"');
  });

  it.each([[[null]], [['', null]], [['', '', null]]])(
    'writes nothing when the answers end: %j',
    async (answers) => {
      const { code, asked } = await answerCommand(answers, 'init', ...application);
      expect(code).toBe(1);
      expect(asked).toContain('Stopped: nothing was written.');
      expect(files()).toEqual(['src/app.module.ts']);
      expect(read('src/app.module.ts')).toBe(moduleSource);
    },
  );

  it('asks nothing without a terminal, and writes the configuration alone', async () => {
    const { code, out } = await runCommand('init', ...application);
    expect(code).toBe(0);
    expect(out).toContain('put this into the root module');
    expect(files()).toEqual(['backstory.config.js', 'src/app.module.ts']);
    expect(read('src/app.module.ts')).toBe(moduleSource);
  });

  it('asks nothing with --yes, --dry-run or --json, on a terminal too', async () => {
    const shown = await answerCommand(
      [],
      'init',
      '--dry-run',
      '--module',
      'src/app.module.ts',
      '--out',
      'src/a.ts',
      ...application,
    );
    expect(shown.code).toBe(0);
    expect(shown.out).toContain("+ import backstoryOptions from './a';");
    expect(files()).toEqual(['src/app.module.ts']);
    const json = await answerCommand([], 'init', '--json', ...application);
    expect(JSON.parse(json.out)).toMatchObject({
      file: 'backstory.config.js',
      module: null,
      migration: null,
      written: true,
    });
    expect((await answerCommand([], 'init', '--yes', ...application)).code).toBe(0);
    expect(read('src/app.module.ts')).toBe(edited);
    const again = await answerCommand([], 'init', '--yes', ...application);
    expect(again).toMatchObject({
      code: 1,
      asked: expect.stringContaining('src/backstory.config.ts is there already.') as string,
    });
  });

  it('refuses a named module that it can not edit for sure, and writes nothing', async () => {
    writeFileSync('src/app.module.ts', moduleSource.replace('imports: [', 'imports: everything && ['));
    const named = ['--module', 'src/app.module.ts', '--out', 'src/backstory.config.ts'];
    expect(await runCommand('init', ...named, ...application)).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        "src/app.module.ts has BackstoryModule already, or can't be edited for sure",
      ) as string,
    });
    expect(await runCommand('init', '--module', 'src/none.ts', ...application)).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no file src/none.ts.') as string,
    });
    expect(files()).toEqual(['src/app.module.ts']);
  });

  const hasScript = /util-linux/.test(spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout ?? '');
  (hasScript ? it : it.skip)('is ended by Ctrl-C on a real terminal, with nothing written', async () => {
    const command = program('init', ...application)
      .map((each) => `'${each}'`)
      .join(' ');
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: folder,
      env: { ...process.env, ACCOUNTS_URL: database.url, TERM: 'xterm' },
    });
    let shown = '';
    // each once: what is typed is shown, too, and comes in pieces
    const keys: [after: string, key: string][] = [
      ['config.ts] ', '\r'],
      ['migrations only?', '\u0003'],
    ];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      const [next] = keys;
      if (!next || !shown.includes(next[0])) return;
      keys.shift();
      child.stdin.write(next[1]);
    });
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(shown).toContain('Stopped: nothing was written.');
    expect(code).toBe(1);
    expect(existsSync('src/backstory.config.ts')).toBe(false);
    expect(files()).toEqual(['src/app.module.ts']);
  });
});
