import { createBackstory, createBackstoryForTenants } from '@backstory/adapter';
import { until } from '../stages/until.js';
import { asTenant, Invoice, tables, Tenancy } from './tenancy.js';

const aggregates = ['Invoice'];

describe('tenants that fail', () => {
  let tenancy: Tenancy;

  beforeEach(async () => {
    tenancy = await Tenancy.create('acme', 'globex');
  });

  afterEach(() => tenancy.close());

  it('keep the start from being taken for whole, and are named', async () => {
    const dataSource = await tenancy.open();
    await dataSource.query('drop table globex.invoice cascade');
    const tenants = ['acme', 'globex', 'nowhere'];
    await expect(createBackstoryForTenants(dataSource, { aggregates, tenants })).rejects.toMatchObject({
      code: 'TENANTS_FAILED',
      message: expect.stringMatching(
        /^2 tenants can't be opened:\n {2}- globex: The table "globex"."invoice"[^]*- nowhere: There is no schema/,
      ),
    });
    const failed: string[] = [];
    const opened = await createBackstoryForTenants(dataSource, {
      aggregates,
      tenants,
      onFailure: (tenant) => void failed.push(tenant),
    });
    expect(failed).toEqual(['globex', 'nowhere']);
    await asTenant(dataSource, 'acme', (manager) => manager.insert(Invoice, { payer: 'a' }));
    expect(await (await opened.of('acme')).verify()).toMatchObject({ clean: true });
    await expect(opened.of('globex')).rejects.toMatchObject({ code: 'MISSING_TABLE' });
    // mended meanwhile
    await dataSource.query('drop table globex.note, globex.line; ' + tables('globex'));
    expect(await (await opened.of('globex')).verify()).toMatchObject({ clean: true });
  });

  it('are refused where they are not installed and nothing may be', async () => {
    const dataSource = await tenancy.open();
    const tenants = ['acme'];
    await expect(
      createBackstoryForTenants(dataSource, { aggregates, tenants, install: 'check' }),
    ).rejects.toMatchObject({ message: expect.stringContaining('npx backstory install --tenants acme') });
    await (await createBackstoryForTenants(dataSource, { aggregates, tenants })).close();
    const checked = await createBackstoryForTenants(dataSource, { aggregates, tenants, install: 'check' });
    expect(await (await checked.of('acme')).stages.get('invoice')).toBe('capture');
  });

  it('a role that may not create anything is told its grants, and they are enough', async () => {
    const admin = await tenancy.open();
    const tenants = ['acme'];
    await (await createBackstoryForTenants(admin, { aggregates, tenants })).close();
    const role = `tenant_clerk_${process.pid}_${Date.now()}`;
    await admin.query(`create role ${role} login password 'x'`);
    for (const schema of ['acme', 'backstory_acme'])
      await admin.query(
        `grant usage on schema ${schema} to ${role}; grant select, insert, update, delete on all tables in schema ${schema} to ${role};
         grant usage on all sequences in schema ${schema} to ${role}`,
      );
    try {
      const url = new URL(tenancy.url);
      url.username = role;
      url.password = 'x';
      const application = await tenancy.open({ url: url.href });
      const options = { aggregates, tenants, install: 'check' as const, stagePollMs: 10 };
      const open = () => createBackstoryForTenants(application, { ...options, open: 'asked' });
      const refusing = await open();
      const { remedy } = (await refusing.of('acme').catch((error: unknown) => error)) as { remedy: string };
      await refusing.close();
      await admin.query(remedy.replaceAll('…', role));
      const opened = await open();
      const acme = await opened.of('acme');
      const watching = await createBackstoryForTenants(admin, { aggregates, tenants, stagePollMs: 10 });
      await acme.backfill();
      // what it changes, others hear of
      await acme.stages.set('invoice', 'replay', { force: true });
      await asTenant(application, 'acme', (manager) => manager.insert(Invoice, { payer: 'a' }));
      await admin.query(
        `set session_replication_role = replica; update acme.invoice set payer = 'unseen'; set session_replication_role = origin`,
      );
      const payer = (): Promise<string | undefined> =>
        asTenant(admin, 'acme', async (manager) => (await manager.find(Invoice))[0]?.payer);
      await until('others replay it', async () => (await payer()) === 'a');
      await watching.close();
      await opened.close();
      await application.destroy();
    } finally {
      await admin.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  it('nothing is opened unasked where that is wanted', async () => {
    const dataSource = await tenancy.open();
    const tenants = ['acme', 'nowhere'];
    const opened = await createBackstoryForTenants(dataSource, { aggregates, tenants, open: 'asked' });
    expect(await dataSource.query(`select from pg_namespace where nspname like 'backstory%'`)).toEqual([]);
    const both = await Promise.all([opened.of('acme'), opened.of('acme')]);
    expect(both[0]).toBe(both[1]);
    await opened.close();
    await expect(opened.of('acme')).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });

  it('options that can mean no tenant are refused', async () => {
    const dataSource = await tenancy.open();
    const refused = (options: object): Promise<unknown> =>
      expect(
        createBackstoryForTenants(dataSource, { aggregates, tenants: ['acme', 'globex'], ...options }),
      ).rejects.toMatchObject({ message: expect.any(String), remedy: expect.any(String) });
    await refused({ tenants: undefined });
    await refused({ schema: 'backstory' });
    await refused({ schema: () => 'one_for_all' });
    await refused({ open: 'later' });
    await refused({ concurrency: 0 });
    await refused({ aggregates: ['Currency'] });
    await expect(
      createBackstoryForTenants(await tenancy.open({ schema: 'acme' }), { tenants: ['acme'] }),
    ).rejects.toMatchObject({ code: 'INVALID_OPTIONS', message: expect.stringContaining("schema: 'acme'") });
    await createBackstoryForTenants(dataSource, { aggregates, tenants: ['acme'] });
    await expect(createBackstoryForTenants(dataSource, { tenants: ['acme'] })).rejects.toMatchObject({
      code: 'ALREADY_OPEN',
    });
    const single = { aggregates: ['Currency'], tenants: ['acme'] };
    await expect(createBackstory(dataSource, single)).rejects.toMatchObject({
      message: expect.stringContaining('createBackstoryForTenants()'),
    });
    await createBackstory(dataSource, { aggregates: ['Currency'] });
  });

  it('a history that was dropped keeps no other from being looked after', async () => {
    const dataSource = await tenancy.open();
    const warnings: string[] = [];
    const opened = await createBackstoryForTenants(dataSource, {
      aggregates,
      tenants: ['acme', 'globex'],
      stagePollMs: 10,
      logger: { log: () => undefined, warn: (message) => void warnings.push(message) },
    });
    const elsewhere = await createBackstoryForTenants(await tenancy.open(), {
      aggregates,
      tenants: ['acme'],
    });
    await dataSource.query('drop schema globex cascade; drop schema backstory_globex cascade');
    await (await elsewhere.of('acme')).backfill();
    await (await elsewhere.of('acme')).stages.set('invoice', 'replay', { force: true });
    await dataSource.query(`insert into acme.invoice (payer) values ('a');
      set session_replication_role = replica; update acme.invoice set payer = 'unseen'; set session_replication_role = origin`);
    let found: unknown;
    for (let turn = 0; turn < 200 && found !== 'a'; turn++)
      found = await asTenant(dataSource, 'acme', async (manager) => (await manager.find(Invoice))[0]?.payer);
    expect(found).toBe('a');
    expect(warnings).toEqual(['globex: its history is gone, so it is read and written without one.']);
    expect(await opened.names()).toEqual(['acme', 'globex']);
  });
});
