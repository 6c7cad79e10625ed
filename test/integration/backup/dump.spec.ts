import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTestDatabase, majorVersionOfRun, type TestDatabase } from '@backstory/test/postgres';
import { expectToGoOn, fillShop, log, openShop, type Shop } from './orders.js';

const run = promisify(execFile);

/** What doctor finds, but for proofs. */
const setUp = async ({ backstory }: Shop): Promise<unknown[]> =>
  (await backstory.doctor()).filter(({ proof }) => !proof);

/** pg_dump reads servers up to its own version. */
function canDump(): boolean {
  try {
    const version = /\d+/.exec(execFileSync('pg_dump', ['--version'], { encoding: 'utf8' }))?.[0];
    return Number(version) >= majorVersionOfRun();
  } catch {
    return false;
  }
}

(canDump() ? describe : describe.skip)('a dump (skipped where pg_dump is older than the server)', () => {
  let source: TestDatabase;
  let target: TestDatabase;
  let folder: string;
  let before: unknown[];

  beforeAll(async () => {
    source = await createTestDatabase();
    folder = mkdtempSync(join(tmpdir(), 'backstory-dump-'));
    const shop = await openShop(source.url, { create: true });
    await fillShop(shop);
    before = await log(shop);
    await shop.close();
  });

  beforeEach(async () => {
    target = await createTestDatabase();
  });

  afterEach(() => target.drop());

  afterAll(async () => {
    await source.drop();
    rmSync(folder, { recursive: true });
  });

  const dump = async (name: string, ...options: string[]): Promise<string> => {
    const file = join(folder, name);
    await run('pg_dump', [...options, `--file=${file}`, source.url]);
    return file;
  };

  const restored = async (): Promise<void> => {
    const shop = await openShop(target.url);
    try {
      expect(await setUp(shop)).toEqual([]);
      await expectToGoOn(shop, before);
      const read = await shop.dataSource.getRepository('Note').findOneByOrFail({ id: 1 });
      expect(read).toEqual({ id: 1, body: 'b' });
    } finally {
      await shop.close();
    }
  };

  const psql = (file: string): Promise<unknown> =>
    run('psql', ['-q', '-v', 'ON_ERROR_STOP=1', '-f', file, target.url]);

  it('of everything, as SQL', async () => {
    await psql(await dump('all.sql'));
    await restored();
  });

  it('in the custom format, restored by several processes', async () => {
    const file = await dump('all.dump', '--format=custom');
    await run('pg_restore', ['--jobs=4', '--exit-on-error', `--dbname=${target.url}`, file]);
    await restored();
  });

  it('of the schema and then of the data, with triggers disabled', async () => {
    await psql(await dump('schema.sql', '--schema-only'));
    await psql(await dump('data.sql', '--data-only', '--disable-triggers'));
    await restored();
  });

  it('of the schema and then of the data, in sections', async () => {
    const file = await dump('sections.dump', '--format=custom');
    for (const section of ['pre-data', 'data', 'post-data'])
      await run('pg_restore', [`--section=${section}`, '--exit-on-error', `--dbname=${target.url}`, file]);
    await restored();
  });

  it('of the data over an empty schema, without a trigger by a role that may say so', async () => {
    await psql(await dump('schema.sql', '--schema-only'));
    const file = await dump('data.dump', '--format=custom', '--data-only');
    await run('pg_restore', ['--exit-on-error', `--dbname=${target.url}`, file], {
      env: { ...process.env, PGOPTIONS: '-c session_replication_role=replica' },
    });
    await restored();
  });

  it('of the schema and then of the data, by a role that may not disable triggers: rows that come in make no events', async () => {
    await psql(await dump('schema.sql', '--schema-only'));
    const file = await dump('data.dump', '--format=custom', '--data-only');
    // the shop's foreign key wants its tables in this order; pg_dump says so where it isn't that of their names
    for (const table of ['order', 'line', 'note', '*.*'])
      await run('pg_restore', [
        '--exit-on-error',
        ...(table === '*.*' ? ['--schema=backstory'] : [`--table=${table}`]),
        `--dbname=${target.url}`,
        file,
      ]);
    await run('psql', [
      target.url,
      '-c',
      `select setval(pg_get_serial_sequence('note', 'id'), 100), setval(pg_get_serial_sequence('line', 'id'), 100), setval(pg_get_serial_sequence('"order"', 'id'), 100)`,
    ]);
    await restored();
  });

  it('captures what is written before anybody has started on the restored database, and a start that makes nothing goes on', async () => {
    await psql(await dump('all.sql'));
    const warnings: string[] = [];
    await run('psql', [target.url, '-c', `insert into note (body) values ('early')`]);
    const shop = await openShop(target.url, { install: 'check', warnings });
    try {
      expect(warnings).toEqual([expect.stringContaining('since a restore')]);
      const now = await log(shop);
      expect(now.slice(0, before.length)).toEqual(before);
      expect(now).toHaveLength(before.length + 1);
      await expectToGoOn(shop, now);
      expect(await shop.backstory.stages.get('note')).toBe('replay');
      expect(await setUp(shop)).toEqual(
        Array(3).fill(expect.objectContaining({ severity: 'hint', remedy: 'npx backstory install' })),
      );
      await shop.backstory.install();
      expect(await setUp(shop)).toEqual([]);
    } finally {
      await shop.close();
    }
  });

  it('finds columns again whose numbers a restore has changed, because others were dropped', async () => {
    const gaps = await createTestDatabase();
    const shop = await openShop(gaps.url, { create: true });
    await shop.dataSource.query(
      `alter table note add column former text; alter table note add column later text default 'x'; alter table note drop column former`,
    );
    await shop.dataSource.query(
      `alter table note drop column body; alter table note add column body text not null default 'b'`,
    );
    await shop.backstory.install();
    await fillShop(shop);
    const all = await log(shop);
    await shop.close();
    await run('pg_dump', [`--file=${join(folder, 'gaps.sql')}`, gaps.url]);
    await gaps.drop();
    await psql(join(folder, 'gaps.sql'));
    const again = await openShop(target.url, { install: 'check' });
    await expectToGoOn(again, all);
    await again.backstory.install();
    await again.dataSource.query(`update note set body = 'changed' where id = 2`);
    expect(await again.backstory.verify()).toMatchObject({ clean: true });
    expect(await again.dataSource.getRepository('Note').findOneByOrFail({ id: 2 })).toEqual({
      id: 2,
      body: 'changed',
    });
    await again.close();
  });

  it('without Backstory’s schema: only its triggers are missed, and history begins anew', async () => {
    const file = await dump('application.dump', '--format=custom', '--exclude-schema=backstory');
    const failed = await run('pg_restore', [`--dbname=${target.url}`, file]).catch(
      (error: { stderr: string }) => error,
    );
    const errors = failed.stderr.match(/error: could not execute query: .*/g) ?? [];
    // insert, update, delete and truncate, on three tables
    expect(errors).toEqual(Array(12).fill(expect.stringContaining('schema "backstory" does not exist')));
    const shop = await openShop(target.url);
    await shop.backstory.backfill();
    expect(await shop.backstory.verify()).toMatchObject({ clean: true });
    await shop.close();
  });
});
