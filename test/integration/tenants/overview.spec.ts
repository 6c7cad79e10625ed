import { createBackstoryForTenants, type TenantBackstories } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { tables, Tenancy } from './tenancy.js';

describe('the overview of tenants', () => {
  let tenancy: Tenancy;
  let dataSource: DataSource;
  let tenants: TenantBackstories;

  beforeEach(async () => {
    tenancy = await Tenancy.create('acme', 'globex');
    dataSource = await tenancy.open();
    tenants = await createBackstoryForTenants(dataSource, {
      tenants: ['acme', 'globex'],
      aggregates: ['Invoice'],
    });
    await tenants.each((backstory) => backstory.verify());
  });

  afterEach(() => tenancy.close());

  const drifted = async (): Promise<unknown> =>
    (await tenants.overview()).map(({ tenant, history }) => [tenant, history?.drifted]);

  it('tells of writes whose capture had failed as of drift', async () => {
    await dataSource.query(
      `insert into backstory_globex.capture_failures (category, table_name, operation, sqlstate, message, context)
       values ('invoice', 'globex.invoice', 'UPDATE', 'P0001', 'no', '{}')`,
    );
    expect(await drifted()).toEqual([
      ['acme', 0],
      ['globex', 1],
    ]);
  });

  it('tells of a history that an older version has made, and of none that is not there', async () => {
    await dataSource.query('alter table backstory_acme.capture_failures rename to not_yet');
    await dataSource.query(tables('initech'));
    expect(await tenants.overview(['acme', 'initech'])).toMatchObject([
      { tenant: 'acme', history: { drifted: 0, stages: { capture: 1 } } },
      { tenant: 'initech', schema: 'backstory_initech', history: null },
    ]);
  });
});
