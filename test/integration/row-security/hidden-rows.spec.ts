import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { runCommandLine } from '../../../packages/adapter/src/cli/command-line.js';
import { aggregates, notes, orders, Tenants } from './tenants.js';

const deletions = `select category, stream_id from backstory.events where change = 'd'`;

describe.each([
  ['the owner, whom FORCE ROW LEVEL SECURITY makes subject to it', { forced: true }],
  ["the application's role, of which Backstory was installed by another one", { forced: false }],
])('rows that a policy hides from %s', (_, { forced }) => {
  let tenants: Tenants;
  let backstory: Backstory;
  let role: string;

  beforeAll(async () => {
    tenants = await Tenants.prepare({ forced });
    role = forced ? tenants.owner : tenants.clerk;
    if (!forced) await (await createBackstory(tenants.admin, { aggregates })).close();
    if (!forced) await tenants.grantToClerk();
    const dataSource = await tenants.as(role);
    backstory = await createBackstory(dataSource, { aggregates, install: forced ? 'auto' : 'check' });
  });

  afterAll(async () => {
    await backstory.close();
    await tenants.drop();
  });

  const isHidden = (table: string): object => ({
    code: 'ROWS_HIDDEN',
    message: expect.stringContaining(`Row-level security of ${table} may hide rows from role "${role}"`),
    remedy: expect.stringContaining(`ALTER ROLE "${role}" BYPASSRLS`),
  });

  it('doctor names the tables, the policies, the role and who may, before anybody backfills', async () => {
    const found = (await backstory.doctor()).filter(({ problem }) => problem.includes('from this role'));
    expect(found.map(({ aggregate }) => aggregate).sort()).toEqual(['note', 'order', 'order']);
    expect(found[0]).toMatchObject({
      severity: 'hint',
      problem: expect.stringMatching(
        new RegExp(`${role}.*\\(policies by_tenant${forced ? ', FORCE' : ''}\\)`),
      ),
      remedy: expect.stringContaining('postgres'),
    });
  });

  it('a backfill, and the estimate of one, refuse and write nothing', async () => {
    for (const options of [{ aggregates: ['note'] }, { aggregates: ['note'], where: 't.id > 1' }]) {
      await expect(backstory.backfill(options)).rejects.toMatchObject(isHidden('note'));
      await expect(backstory.estimateBackfill(options)).rejects.toMatchObject(isHidden('note'));
    }
    await expect(backstory.backfill({ aggregates: ['order'], parallel: 2 })).rejects.toMatchObject(
      isHidden('orders'),
    );
    // nobody hides memos, but the condition asks what is hidden
    const where = 'exists (select from note n where n.id = t.id)';
    await expect(backstory.backfill({ aggregates: ['memo'], where })).rejects.toMatchObject(isHidden('note'));
    expect(await tenants.sql('select from backstory.events')).toEqual([]);
    // operators' questions are answered all the same
    expect((await backstory.admin.overview()).aggregates).toHaveLength(3);
    expect((await backstory.status()).map(({ backfill }) => backfill?.completedAt ?? null)).toEqual([
      null,
      null,
      null,
    ]);
    expect(await backstory.backfill({ aggregates: ['memo'] })).toMatchObject([
      { events: 10, completed: true },
    ]);
  });

  it('verify is not clean, says why, and proves the others', async () => {
    const report = await backstory.verify();
    expect(report).toMatchObject({ clean: false, aggregates: [{ category: 'memo', drifted: 0 }] });
    expect(report.unseen.map(({ category }) => category).sort()).toEqual(['note', 'order']);
    expect(report.unseen[0]?.reason).toContain('may hide rows from role');
    for (const options of [{}, { sample: 0.1 }, { streamIds: ['1'] }]) {
      await expect(backstory.verify({ aggregates: ['note'], ...options })).rejects.toMatchObject(
        isHidden('note'),
      );
    }
  });

  it('the command line says the same, with exit code 2 or 1', async () => {
    const run = async (...args: string[]): Promise<[number, string, string]> => {
      process.env['URL_OF_TENANTS'] = tenants.urlAs(role);
      jest.resetModules();
      const streams = {
        stdout: new PassThrough().setEncoding('utf8'),
        stderr: new PassThrough().setEncoding('utf8'),
      };
      const code = await runCommandLine(
        [...args, '--data-source', join(__dirname, 'tenants-data-source.ts')],
        streams,
      );
      return [code, (streams.stdout.read() ?? '') as string, (streams.stderr.read() ?? '') as string];
    };
    const said = /note .*Row-level security of note may hide rows from role/;
    expect(await run('verify')).toEqual([2, expect.stringMatching(said), '']);
    expect(await run('repair')).toEqual([2, expect.stringMatching(said), '']);
    expect(await run('doctor')).toEqual([0, expect.stringContaining('row-level security of'), '']);
    for (const args of [
      ['backfill', 'note'],
      ['backfill', 'note', '--dry-run'],
      ['verify', 'note'],
    ]) {
      expect(await run(...args)).toEqual([1, '', expect.stringContaining(`BYPASSRLS`)]);
    }
  });

  it('what a view hides is said of its owner', async () => {
    await tenants.sql(
      `create or replace view seen as select id from note; alter view seen owner to ${tenants.clerk}`,
    );
    const seeing = await createBackstory(tenants.admin, { aggregates });
    const refused = seeing.backfill({ aggregates: ['memo'], where: 't.id in (select id from seen)' });
    await expect(refused).rejects.toMatchObject({
      code: 'ROWS_HIDDEN',
      message: expect.stringContaining(
        'of note may hide rows from the owner of a function or view that reads it',
      ),
    });
    await seeing.close();
    await tenants.sql('drop view seen');
  });

  it('what a role sees whole verifies it, and repair in either direction touches nothing that is hidden', async () => {
    const seeing = await createBackstory(tenants.admin, { aggregates });
    await seeing.backfill();
    // behind everybody's back, of another tenant
    await tenants.sql(
      `alter table note disable trigger user; update note set body = 'behind' where id = 1; alter table note enable trigger user`,
    );
    for (const truth of ['table', 'events'] as const) {
      await expect(backstory.repair({ aggregates: ['note'], truth })).rejects.toMatchObject(isHidden('note'));
      const reports = await backstory.repair({ truth });
      expect(reports.filter(({ unseen }) => unseen !== undefined)).toHaveLength(2);
      expect(reports.flatMap(({ repaired }) => repaired)).toEqual([]);
    }
    await expect(
      backstory.archive.move({ aggregates: ['note', 'order'], before: new Date(), events: 2 }),
    ).resolves.toMatchObject([{ events: 0 }, { events: 0 }]);
    expect(await tenants.sql(deletions)).toEqual([]);
    expect(await tenants.sql('select count(*)::int as rows from note')).toEqual([{ rows: 10 }]);
    expect(await seeing.repair()).toHaveLength(3);
    expect(await seeing.verify()).toMatchObject({ clean: true, unseen: [] });
    await seeing.close();
  });

  it('an archive that would look at hidden rows refuses, too', async () => {
    const admin = tenants.admin.getRepository(notes);
    for (let times = 0; times < 3; times++) await admin.update(2, { body: `again ${times}` });
    await expect(
      backstory.archive.move({ aggregates: ['note'], before: new Date(Date.now() + 1000), events: 2 }),
    ).rejects.toMatchObject(isHidden('note'));
  });

  it('the application writes under its policies, is captured, and reads its own rows by replay', async () => {
    const application = await tenants.as(tenants.clerk);
    await tenants.sql(`grant usage on schema backstory to ${tenants.clerk};
      grant select, insert, update, delete on all tables in schema backstory to ${tenants.clerk}`);
    const own = await createBackstory(application, { aggregates, install: 'check' });
    await own.stages.set('note', 'replay', { force: true });
    await own.stages.set('order', 'replay', { force: true });
    await application.getRepository(notes).update(4, { body: 'changed' });
    await application.getRepository(notes).save({ id: 12, tenant: 'a', body: 'new' });
    const found = await application.getRepository(notes).find({ order: { id: 'asc' } });
    expect(found.map(({ id }) => id)).toEqual([2, 4, 6, 8, 10, 12]);
    expect(found[1]).toMatchObject({ body: 'changed' });
    expect(await application.getRepository(orders).find({ relations: { lines: true } })).toHaveLength(5);
    expect((await own.history('note', '12')).map(({ change }) => change)).toEqual(['created']);
    expect(await own.load('Note', '12')).toMatchObject({ body: 'new' });
    // a policy of the table is no policy of its events
    expect(await own.load('Note', '1')).toMatchObject({ tenant: 'b' });
    await own.close();
  });

  it('what the application has read is compared in shadow, and what a policy hides is not taken for missing', async () => {
    const application = await tenants.as(tenants.clerk);
    const own = await createBackstory(application, { aggregates, install: 'check' });
    await own.stages.set('note', 'capture', { force: true });
    await own.stages.set('note', 'shadow', { force: true });
    await application.getRepository(notes).find();
    await own.shadowSettled();
    const shadow = async (): Promise<unknown> =>
      (await own.status()).find(({ category }) => category === 'note')?.shadow;
    expect(await shadow()).toEqual({ compared: 6, drifted: 0, skipped: 0, failed: 0 });
    // a request's tenant is known to its own transaction only, and not to the connection that compares
    await application.transaction(async (manager) => {
      await manager.query(`set local app.tenant = 'b'`);
      expect(await manager.getRepository(notes).find()).toHaveLength(5);
    });
    await own.shadowSettled();
    expect(await shadow()).toEqual({ compared: 6, drifted: 0, skipped: 5, failed: 0 });
    await tenants.sql(
      `alter table note disable trigger user; update note set body = 'behind' where id = 4; alter table note enable trigger user`,
    );
    await application.getRepository(notes).findOneBy({ id: 4 });
    await own.shadowSettled();
    expect(await shadow()).toEqual({ compared: 7, drifted: 1, skipped: 5, failed: 0 });
    await tenants.sql(
      `alter table note disable trigger user; update note set body = 'changed' where id = 4; alter table note enable trigger user`,
    );
    await own.close();
  });

  it('with BYPASSRLS all of it works', async () => {
    await tenants.sql(`alter role ${role} bypassrls`);
    expect(await backstory.backfill()).toHaveLength(3);
    expect(await backstory.verify()).toMatchObject({ clean: true, unseen: [] });
    expect((await backstory.doctor()).filter(({ problem }) => problem.includes('row-level'))).toEqual([]);
    await tenants.sql(`alter role ${role} nobypassrls`);
  });
});
