import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createTestDatabase, majorVersionOfRun, type TestDatabase } from '@backstory/test/postgres';
import { expectToGoOn, fillShop, log, openShop } from './orders.js';

const run = promisify(execFile);

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
