import { aggregate, type Backstory, createBackstoryForTenants } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { asTenant, Invoice, Tenancy } from './tenancy.js';

const options = {
  aggregates: [
    'all' as const,
    aggregate(Invoice, {
      evolve: {
        PayerNamed: (invoice, { payer }: { payer: string }) => void (invoice.payer = payer),
      },
    }),
  ],
};

describe('a command of one tenant, among several that are chosen by search_path', () => {
  let tenancy: Tenancy;
  let dataSource: DataSource;
  let acme: Backstory;
  let globex: Backstory;

  beforeEach(async () => {
    tenancy = await Tenancy.create('public', 'acme', 'globex');
    dataSource = await tenancy.open();
    await dataSource.query(`insert into public.invoice (payer) values ('template');
      insert into acme.invoice (payer) values ('Acme payer'); insert into globex.invoice (payer) values ('Globex payer')`);
    const tenants = await createBackstoryForTenants(dataSource, { ...options, tenants: ['acme', 'globex'] });
    acme = await tenants.of('acme');
    globex = await tenants.of('globex');
    await tenants.each((backstory) => backstory.backfill());
  });

  afterEach(() => tenancy.close());

  const payers = async (): Promise<unknown[]> =>
    (
      await dataSource.query<{ payer: string }[]>(`select 'public ' || payer as payer from public.invoice
        union all select 'acme ' || payer from acme.invoice union all select 'globex ' || payer from globex.invoice`)
    ).map(({ payer }) => payer);

  it('in the transaction of a request writes its row, and no other', async () => {
    await asTenant(dataSource, 'globex', (manager) =>
      globex.handle(Invoice, 1, () => ({ type: 'PayerNamed', data: { payer: 'new' } }), { manager }),
    );
    expect(await payers()).toEqual(['public template', 'acme Acme payer', 'globex new']);
    expect((await globex.history('invoice', '1')).map(({ type }) => type)).toEqual([
      'InvoiceCreated',
      'PayerNamed',
    ]);
    expect(await acme.history('invoice', '1')).toHaveLength(1);
  });

  it('in a transaction of its own writes its row, and no other', async () => {
    const named = await globex.handle(Invoice, 1, () => ({ type: 'PayerNamed', data: { payer: 'new' } }));
    expect(named).toMatchObject({ payer: 'new' });
    expect(await payers()).toEqual(['public template', 'acme Acme payer', 'globex new']);
  });

  it('creates in its table', async () => {
    await acme.create(Invoice, () => ({ type: 'PayerNamed', data: { payer: 'second' } }));
    expect(await payers()).toEqual([
      'public template',
      'acme Acme payer',
      'acme second',
      'globex Globex payer',
    ]);
  });

  it('is refused in a transaction of another tenant, and none of its own rows is written', async () => {
    const rename = (path: string): Promise<unknown> =>
      asTenant(dataSource, path, (manager) =>
        globex.handle(Invoice, 1, () => ({ type: 'PayerNamed', data: { payer: 'new' } }), { manager }),
      );
    await expect(rename('acme')).rejects.toMatchObject({
      code: 'COMMAND_REFUSED',
      message: expect.stringMatching(/tenant "globex".*acme/) as string,
    });
    await expect(rename('public')).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
    expect(await payers()).toEqual(['public template', 'acme Acme payer', 'globex Globex payer']);
  });

  it('with an id is handled once for each tenant', async () => {
    const name = (tenant: Backstory, payer: string): Promise<unknown> =>
      tenant.handle(Invoice, 1, () => ({ type: 'PayerNamed', data: { payer } }), { commandId: 'name it' });
    await Promise.all([name(acme, 'A'), name(globex, 'G'), name(acme, 'B'), name(globex, 'H')]);
    expect(await acme.history('invoice', '1')).toHaveLength(2);
    expect(await globex.history('invoice', '1')).toHaveLength(2);
    expect(await acme.verify()).toMatchObject({ clean: true });
  });
});
