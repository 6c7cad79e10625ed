import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, type DataSourceOptions } from 'typeorm';
import ts from 'typescript';
import { databaseOptions } from '../../../examples/legacy-app/src/database-options.js';
import { seedShop } from '../../../examples/legacy-app/src/seed/seed-shop.js';
import { fillLibrary } from '../../library/fill-library.js';
import { entities } from '../../library/entities.js';
import { program, runProcess } from '../../library/program.js';
import { runCommand } from '../../library/run-command.js';
import { Account, accountEntities } from './made-for-proposals.js';

const root = join(__dirname, '../../..');

interface Proposed {
  name: string;
  reason: string;
}

interface Answer {
  written: boolean;
  format: string;
  aggregates: { entity: string; owns: Proposed[]; exclude: Proposed[]; notOwned: Proposed[] }[];
  exclude: Proposed[];
}

describe('backstory init', () => {
  let database: TestDatabase;
  let folder: string;

  beforeEach(async () => {
    database = await createTestDatabase();
    folder = mkdtempSync(join(tmpdir(), 'backstory-init-'));
    jest.resetModules();
  });

  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await database.drop();
  });

  async function filled(
    options: Partial<DataSourceOptions>,
    fill: (dataSource: DataSource) => Promise<unknown>,
  ): Promise<void> {
    const dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      ...options,
    } as DataSourceOptions);
    await dataSource.initialize();
    await fill(dataSource);
    await dataSource.destroy();
  }

  /** From the file to a clean verify, with nothing but the command line. */
  async function adopt(dataSource: string): Promise<{ categories: string[]; text: string }> {
    const config = join(folder, 'backstory.config.js');
    expect(await runCommand('init', '--data-source', dataSource, '--out', config)).toMatchObject({
      code: 0,
      out: expect.stringContaining(`Written to ${config}`),
    });
    const application = ['--data-source', dataSource, '--config', config];
    const installed = await runCommand('install', '--json', ...application);
    expect(installed).toMatchObject({ code: 0, err: '' });
    expect(await runCommand('backfill', ...application)).toMatchObject({ code: 0 });
    expect(await runCommand('verify', ...application)).toMatchObject({
      code: 0,
      out: expect.stringContaining('Every replay equals its row.'),
    });
    expect(await runCommand('doctor', ...application)).toMatchObject({
      code: 0,
      out: expect.not.stringContaining('fault'),
    });
    const { captured } = JSON.parse(installed.out) as { captured: string[] };
    return { categories: captured.sort(), text: readFileSync(config, 'utf8') };
  }

  it('proposes for the legacy shop what somebody who knows it has written, and that works', async () => {
    process.env['DATABASE_URL'] = database.url;
    await filled(databaseOptions(database.url), (dataSource) => seedShop(dataSource, { scale: 0.01 }));
    const { categories, text } = await adopt(join(root, 'examples/legacy-app/src/data-source.ts'));
    expect(categories).toEqual(['coupon', 'customer', 'order', 'product', 'review', 'stockMovement', 'tag']);
    const documented = /```js\n([^]*?)```/.exec(
      readFileSync(join(root, 'docs/command-line.md'), 'utf8'),
    )?.[1];
    expect(text).toContain(documented);
    expect(text).toMatch(
      /'lines', \/\/ their foreign key is NOT NULL, ON DELETE CASCADE, they are saved with it/,
    );
    expect(text).toMatch(/'tags', \/\/ rows of the join table order_tags/);
    expect(text).toMatch(/'JobRecord', \/\/ it looks like a queue, by the word "job"/);
  });

  it('proposes the same from the root module of the shop, which has no Backstory yet', async () => {
    await filled(databaseOptions(database.url), (dataSource) => seedShop(dataSource, { scale: 0.01 }));
    const proposed = async (...application: string[]): Promise<unknown> => {
      const command = program('init', '--dry-run', '--json', ...application);
      const { out, err } = await runProcess(command, { DATABASE_URL: database.url });
      expect(err).toBe('');
      return JSON.parse(out);
    };
    const shop = join(root, 'examples/legacy-app/src');
    expect(await proposed('--app', join(shop, 'app.module.ts'))).toEqual(
      await proposed('--data-source', join(shop, 'data-source.ts')),
    );
  });

  it('proposes for the library something that works', async () => {
    process.env['LIBRARY_URL'] = database.url;
    await filled({ entities, synchronize: true }, ({ manager }) => fillLibrary(manager));
    const { categories, text } = await adopt(join(root, 'test/library/data-source.ts'));
    expect(categories).toEqual(['author', 'shelf', 'subject']);
    expect(text).toContain(
      "'works', // ON DELETE CASCADE, they are saved with it (cascade), those whose foreign key is null have no events",
    );
    expect(text).toContain("'works.subjects', // rows of the join table work_subjects_subject");
  });

  describe('of an application with everything', () => {
    const dataSource = join(__dirname, 'accounts-data-source.ts');

    beforeEach(async () => {
      process.env['ACCOUNTS_URL'] = database.url;
      await filled({ entities: accountEntities, synchronize: true }, ({ manager }) =>
        manager.save(Account, {
          email: 'a@b.example',
          card: { cardNumber: '4242', holder: 'A' },
          profile: { bio: 'b', links: [{ url: 'c' }] },
        }),
      );
    });

    const init = (...argv: string[]): ReturnType<typeof runCommand> =>
      runCommand('init', '--data-source', dataSource, ...argv);

    const answer = async (...argv: string[]): Promise<Answer> =>
      JSON.parse((await init('--json', ...argv)).out) as Answer;

    it('tells parts from strangers, secrets from keyboards, and what to leave out', async () => {
      const { aggregates, exclude, written } = await answer('--dry-run');
      expect(written).toBe(false);
      const of = (entity: string): Answer['aggregates'][number] | undefined =>
        aggregates.find((aggregate) => aggregate.entity === entity);
      expect(of('Account')?.owns.map(({ name }) => name)).toEqual(['profile', 'profile.links', 'devices']);
      expect(of('Account')?.exclude).toEqual([
        { name: 'passwordHash', reason: 'it looks like a secret, by the word "password"' },
        { name: 'apiKey', reason: 'it looks like a secret, by the words "api key"' },
        { name: 'card.cardNumber', reason: 'it looks like a secret, by the words "card number"' },
      ]);
      expect(of('Account')?.notOwned).toEqual([
        { name: 'invoices', reason: 'Payment refers to Invoice, so it has a life of its own' },
        { name: 'rates', reason: 'VATRateEntity can be without Account: its foreign key may be null' },
      ]);
      expect(of('VATRateEntity')).toMatchObject({
        category: { name: 'vatRate', reason: 'it would be "vATRateEntity"' },
      });
      expect(of('Invoice')?.owns.map(({ name }) => name)).toEqual(['labels']);
      expect(of('Profile')).toBeUndefined();
      expect(Object.fromEntries(exclude.map(({ name, reason }) => [name, reason]))).toEqual({
        WebSession: expect.stringContaining('sessions'),
        Errand: expect.stringContaining('payload and attempts'),
        One: expect.stringContaining('is a view'),
      });
    });

    it('takes rows without another for a sign that they are no part of it', async () => {
      await filled({}, (connection) => connection.query('insert into device default values; analyze device'));
      const { aggregates } = await answer('--dry-run');
      const account = aggregates.find(({ entity }) => entity === 'Account');
      expect(account?.owns.map(({ name }) => name)).toEqual(['profile', 'profile.links']);
      expect(account?.notOwned).toContainEqual({
        name: 'devices',
        reason: 'Device can be without Account: there are rows whose foreign key is null',
      });
    });

    it('leaves out a join table that has no primary key, which works', async () => {
      await filled({}, (connection) =>
        connection.query(
          `do $$ begin execute (select format('alter table %s drop constraint %I', conrelid::regclass, conname)
             from pg_constraint where contype = 'p' and conrelid = 'invoice_labels_label'::regclass); end $$`,
        ),
      );
      const { categories, text } = await adopt(dataSource);
      expect(categories).toEqual(['account', 'invoice', 'label', 'payment', 'vatRate']);
      expect(text).toMatch(/not owned: labels: .*has no primary key/);
      expect(text).toMatch(/'invoice_labels_label', \/\/ .*has no primary key/);
    });

    it('leaves out what has no table, and says so', async () => {
      await filled({}, (connection) => connection.query('drop table payment'));
      const { exclude } = await answer('--dry-run');
      expect(exclude).toContainEqual({ name: 'Payment', reason: expect.stringContaining("isn't there") });
    });

    it('works, and its events are without what was left out', async () => {
      const { categories } = await adopt(dataSource);
      expect(categories).toEqual(['account', 'invoice', 'label', 'payment', 'vatRate']);
      const config = join(folder, 'backstory.config.js');
      const application = ['--data-source', dataSource, '--config', config];
      const { out } = await runCommand('history', 'account', '1', ...application);
      expect(out).toContain('card.holder: "A"');
      expect(out).not.toContain('4242');
    });

    it.each([
      ['commonjs', {}, 'backstory.config.js'],
      ['module', { type: 'module' }, 'backstory.config.js'],
      ['module', {}, 'backstory.config.mjs'],
      ['commonjs', { type: 'module' }, 'backstory.config.cjs'],
    ])('writes what Node.js loads: %s in a package %j as %s', async (format, manifest, name) => {
      writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
      mkdirSync(join(folder, 'config'));
      const file = join(folder, 'config', name);
      expect(await answer('--out', file)).toMatchObject({ format, written: true });
      const print = `import(${JSON.stringify(file)}).then((m) => console.log(JSON.stringify(m.default)))`;
      const loaded = execFileSync(process.execPath, ['-e', print], { encoding: 'utf8' });
      expect(JSON.parse(loaded)).toEqual({
        aggregates: expect.arrayContaining([
          'all',
          {
            entity: 'Account',
            owns: ['profile', 'profile.links', 'devices'],
            exclude: ['passwordHash', 'apiKey', 'card.cardNumber'],
          },
        ]),
        exclude: ['WebSession', 'Errand', 'One'],
      });
    });

    it('writes TypeScript that the compiler accepts as options', async () => {
      const file = join(root, 'test', `backstory-${process.pid}.config.ts`);
      try {
        await init('--out', file);
        const settings = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile).config as object;
        const { options } = ts.parseJsonConfigFileContent(settings, ts.sys, root);
        const program = ts.createProgram([file], { ...options, noEmit: true });
        expect(program.getSemanticDiagnostics(program.getSourceFile(file)).map((d) => d.messageText)).toEqual(
          [],
        );
        expect(readFileSync(file, 'utf8')).toContain('satisfies BackstoryOptions');
      } finally {
        rmSync(file, { force: true });
      }
    });

    it('never writes over a file, unless it is told to', async () => {
      const file = join(folder, 'mine.js');
      writeFileSync(file, 'mine');
      expect(await init('--out', file)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/mine\.js is there already\.\n.*--force/),
      });
      expect((await init('--out', file, '--dry-run')).code).toBe(0);
      expect(readFileSync(file, 'utf8')).toBe('mine');
      expect((await init('--out', file, '--force')).code).toBe(0);
      expect(readFileSync(file, 'utf8')).toContain("entity: 'Account'");
      expect(await init('--out', join(folder, 'config.yaml'))).toMatchObject({
        code: 1,
        err: expect.stringContaining('is no name of a JavaScript or TypeScript file'),
      });
    });

    it('changes nothing in the database', async () => {
      await init('--out', join(folder, 'backstory.config.js'));
      await filled({}, async (connection) => {
        const found: unknown[] = await connection.query(
          `select 1 from pg_namespace where nspname = 'backstory'`,
        );
        expect(found).toEqual([]);
      });
    });
  });
});
