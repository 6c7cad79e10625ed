import { createBackstoryForTenants } from '@backstory/adapter';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { until } from '../stages/until.js';
import { asTenant, Invoice, Tenancy } from './tenancy.js';

class AddNote1700000000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('set local search_path = acme, public');
    await queryRunner.query('alter table invoice alter column payer type varchar(200)');
  }
  async down(): Promise<void> {}
}

class DropLines1700000000002 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('drop table globex.line cascade');
  }
  async down(): Promise<void> {}
}

describe('migrations of tenants', () => {
  let tenancy: Tenancy;

  beforeEach(async () => {
    tenancy = await Tenancy.create('acme', 'globex', 'initech');
  });

  afterEach(() => tenancy.close());

  it('renew the capture of those whose tables they change, in their transaction', async () => {
    const dataSource = await tenancy.open({ migrations: [AddNote1700000000001, DropLines1700000000002] });
    const tenants = await createBackstoryForTenants(dataSource, {
      aggregates: ['Invoice', 'Line'],
      tenants: ['acme', 'globex', 'initech'],
    });
    const fingerprints = (): Promise<unknown> =>
      dataSource.query(`select 'acme' as tenant, category, fingerprint is not null as captured, captured->'columns'->1->>'type' as type from backstory_acme.aggregates
        union all select 'globex', category, fingerprint is not null, captured->'columns'->1->>'type' from backstory_globex.aggregates
        union all select 'initech', category, fingerprint is not null, captured->'columns'->1->>'type' from backstory_initech.aggregates order by 1, 2`);
    const versions = (): Promise<{ tenant: string; version: string }[]> =>
      dataSource.query('select tenant, version from backstory_tenants.histories order by tenant');
    const before = await versions();
    const changed = async (): Promise<string[]> =>
      (await versions())
        .filter(({ version }, index) => version !== before[index]?.version)
        .map(({ tenant }) => tenant);
    await dataSource.runMigrations({ transaction: 'each' });
    const text = 'pg_catalog.text';
    expect(await fingerprints()).toEqual([
      { tenant: 'acme', category: 'invoice', captured: true, type: 'pg_catalog."varchar"(200)' },
      { tenant: 'acme', category: 'line', captured: true, type: text },
      { tenant: 'globex', category: 'invoice', captured: true, type: text },
      { tenant: 'globex', category: 'line', captured: true, type: text },
      { tenant: 'initech', category: 'invoice', captured: true, type: text },
      { tenant: 'initech', category: 'line', captured: true, type: text },
    ]);
    await asTenant(dataSource, 'acme', (manager) => manager.insert(Invoice, { payer: 'a' }));
    expect(await (await tenants.of('acme')).verify()).toMatchObject({ clean: true });
    expect(await changed()).toEqual(['acme']);
  });

  it('that leave a trigger behind are mended for the tenant whose statement fails', async () => {
    const dataSource = await tenancy.open();
    await createBackstoryForTenants(dataSource, { aggregates: ['Invoice'], tenants: ['acme', 'globex'] });
    const [trigger] = await dataSource.query<{ name: string }[]>(
      `select p.oid::regproc::text as name from pg_trigger g join pg_proc p on p.oid = g.tgfoid
       where g.tgrelid = 'acme.invoice'::regclass and g.tgname like '00\\_backstory%' and g.tgtype & 4 = 4 limit 1`,
    );
    await dataSource.query(`create or replace function ${trigger?.name}() returns trigger language plpgsql as
      $$ begin perform gone from acme.invoice; return null; end $$;
      update backstory_acme.aggregates set fingerprint = 'of before'`);
    const insert = (tenant: string): Promise<string> =>
      dataSource.query(`insert into ${tenant}.invoice (payer) values ('a')`).then(
        () => 'captured',
        (error: Error) => error.message,
      );
    expect(await insert('acme')).toMatch(/^A table has changed .* run "npx backstory install"/);
    expect(await insert('globex')).toBe('captured');
    await until('mended', async () => (await insert('acme')) === 'captured');
    await asTenant(dataSource, 'globex', (manager) => manager.insert(Invoice, { payer: 'g' }));
  });
});
