import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBackstory, installBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';
import { runCommand } from '../../library/run-command.js';

const Gadget = new EntitySchema({
  name: 'Gadget',
  columns: { id: { type: 'int', primary: true, generated: true }, label: { type: 'text' } },
});

class MakeGadget1700000000000 implements MigrationInterface {
  name = 'MakeGadget1700000000000';
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('create table gadget (id serial primary key, label text not null)');
    await queryRunner.query(`insert into gadget (label) values ('first')`);
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table gadget');
  }
}

class InstallBackstory1700000000001 implements MigrationInterface {
  name = 'InstallBackstory1700000000001';
  async up(queryRunner: QueryRunner): Promise<void> {
    await installBackstory(queryRunner, { aggregates: 'all' });
  }
  async down(): Promise<void> {}
}

class Fail1700000000002 implements MigrationInterface {
  name = 'Fail1700000000002';
  up(): Promise<void> {
    throw new Error('on purpose');
  }
  async down(): Promise<void> {}
}

describe('a migration that installs', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(() => database.drop());

  function open(...migrations: (new () => MigrationInterface)[]): Promise<DataSource> {
    return new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Gadget],
      migrations,
    }).initialize();
  }

  it('makes own tables and capture, so that the application starts with check', async () => {
    const dataSource = await open(MakeGadget1700000000000, InstallBackstory1700000000001);
    await dataSource.runMigrations({ transaction: 'each' });
    const backstory = await createBackstory(dataSource, { install: 'check' });
    await dataSource.manager.insert('Gadget', { label: 'second' });
    expect(await backstory.history('gadget', '2')).toHaveLength(1);
    await backstory.backfill();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await dataSource.destroy();
  });

  it('is undone with the migrations that it runs with', async () => {
    const dataSource = await open(MakeGadget1700000000000, InstallBackstory1700000000001, Fail1700000000002);
    await expect(dataSource.runMigrations({ transaction: 'all' })).rejects.toThrow('on purpose');
    expect(await dataSource.query(`select from pg_namespace where nspname = 'backstory'`)).toEqual([]);
    await dataSource.destroy();
  });

  it('is written by a command, if something is missing', async () => {
    const dataSource = await open(MakeGadget1700000000000);
    await dataSource.runMigrations();
    await dataSource.destroy();
    const folder = mkdtempSync(join(tmpdir(), 'backstory-migration-'));
    process.env['DATABASE_URL_OF_GADGETS'] = database.url;
    const file = join(__dirname, 'gadgets-data-source.ts');
    const run = (...more: string[]) =>
      runCommand('migration', '--data-source', file, '--dir', folder, ...more);
    expect((await run('--dry-run')).out).toContain('implements MigrationInterface');
    expect(readdirSync(folder)).toEqual([]);
    expect(await run('--js')).toMatchObject({ code: 0, out: expect.stringContaining('It installs: gadget') });
    const [name = ''] = readdirSync(folder);
    expect(name).toMatch(/^\d+-install-backstory\.js$/);
    expect(readFileSync(join(folder, name), 'utf8')).toContain('await installBackstory(queryRunner);');
    const installed = await open(MakeGadget1700000000000, InstallBackstory1700000000001);
    await installed.runMigrations();
    await installed.destroy();
    expect(await run()).toMatchObject({ code: 0, out: 'Nothing is missing: no migration was written.\n' });
    rmSync(folder, { recursive: true });
  });
});
