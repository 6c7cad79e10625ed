import { join } from 'node:path';
import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { runCommand } from '../../library/run-command.js';
import { things } from './many-data-source.js';

const escape = String.fromCharCode(27);

describe('a hundred aggregates', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    process.env['MANY_URL'] = database.url;
    dataSource = new DataSource({ type: 'postgres', url: database.url, entities: things, synchronize: true });
    await dataSource.initialize();
    await dataSource.query(`insert into thing042 values (1, 'a'), (2, 'b')`);
    const backstory = await createBackstory(dataSource);
    await backstory.backfill();
    await backstory.close();
  });

  afterAll(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  beforeEach(() => jest.resetModules());

  const run = (...argv: string[]): ReturnType<typeof runCommand> =>
    runCommand(...argv, '--data-source', join(__dirname, 'many-data-source.ts'));
  const rowsOf = (out: string): string[] => out.match(/^thing\d+/gm) ?? [];

  it('are counted where they are clean, and listed when they are asked for', async () => {
    const { code, out, err } = await run('verify');
    expect({ code, out }).toEqual({
      code: 0,
      out: '100 aggregates are clean, with 2 rows. --all lists them.\nEvery replay equals its row.\n',
    });
    expect(err).toContain('Next: npx backstory stage --all shadow   (');
    expect(rowsOf((await run('verify', '--all')).out)).toHaveLength(100);
    expect((await run('verify', '--since-last')).out).toMatch(
      /^100 aggregates have no difference in what was looked at, with \d rows\. --all lists them\.\n/,
    );
    const json = await run('verify', '--json');
    expect((JSON.parse(json.out) as { aggregates: unknown[] }).aggregates).toHaveLength(100);
    expect(json.err).not.toContain('Next');
    const status = await run('status');
    expect(status.out).toMatch(
      /^aggregate .*\n100 aggregates have nothing to settle: 100 in capture\. --all lists them\.\n/,
    );
    expect(status.err).not.toContain('Next');
  });

  it('show what is not clean first, and nothing of it is left out', async () => {
    await dataSource.query(
      `alter table thing042 disable trigger user; update thing042 set name = 'behind'; alter table thing042 enable trigger user`,
    );
    const verified = await run('verify', '--limit', '1');
    expect(verified.code).toBe(2);
    expect(rowsOf(verified.out).slice(0, 1)).toEqual(['thing042']);
    expect(verified.out).toMatch(
      /^thing042 +2 +2 +2\n99 others are clean, with 0 rows\. --all lists them\.\n/m,
    );
    expect(verified.out).toContain('thing042: 1 more differ; --limit 2 lists all.\n');
    const { out, err } = await run('status');
    expect(rowsOf(out)).toEqual(['thing042']);
    expect(out).toContain('99 others have nothing to settle: 99 in capture. --all lists them.\n');
    expect(err).toContain('Next: npx backstory repair --dry-run   (');
    const all = rowsOf((await run('status', '--all')).out);
    expect(all).toHaveLength(100);
    expect(all[0]).toBe('thing042');
    expect(out).not.toContain(escape);
  });

  it('are moved together, and told together: those that are refused by their names', async () => {
    await dataSource.query(`delete from backstory.backfills where category in ('thing003', 'thing007')`);
    const { code, out } = await run('stage', '--all', 'shadow', '--dry-run');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^2 aggregates \(thing003, thing007\): capture → shadow would be refused:\n {2}- its backfill/,
    );
    expect(out).toContain('(run "npx backstory backfill")\n');
    expect(out).toMatch(
      /^97 aggregates \((thing\d+, ){4}thing\d+ and 92 others\): capture → shadow: nothing/m,
    );
    expect(out).toMatch(/^thing042: capture → shadow would be refused:\n {2}- .*drifted/m);
    expect(out).not.toContain(escape);
  }, 180_000);

  it('have colours that take no room in the columns', async () => {
    process.env['FORCE_COLOR'] = '1';
    const { NO_COLOR } = process.env;
    delete process.env['NO_COLOR'];
    const coloured = await run('status');
    delete process.env['FORCE_COLOR'];
    process.env['NO_COLOR'] = '1';
    const plain = await run('status');
    if (NO_COLOR === undefined) delete process.env['NO_COLOR'];
    else process.env['NO_COLOR'] = NO_COLOR;
    expect(coloured.out).toContain(`${escape}[31m2 drifted `);
    expect(coloured.out.replaceAll(new RegExp(`${escape}\\[\\d+m`, 'g'), '')).toBe(plain.out);
  });
});
