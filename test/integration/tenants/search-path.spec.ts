import { type Backstory, createBackstory, createBackstoryForTenants, onEvent } from '@backstory/adapter';
import type { DataSource } from 'typeorm';
import { until } from '../stages/until.js';
import { asTenant, Currency, Invoice, tables, Tenancy } from './tenancy.js';

const owned = { aggregates: ['all', { entity: 'Invoice', owns: ['lines', 'lines.notes'] }] } as const;
const options = { aggregates: [...owned.aggregates], stagePollMs: 10 };

describe('a schema for each tenant, chosen by search_path on one DataSource', () => {
  let tenancy: Tenancy;
  let dataSource: DataSource;
  let warnings: string[];
  const logger = { log: () => undefined, warn: (message: string) => void warnings.push(message) };

  beforeEach(async () => {
    warnings = [];
    tenancy = await Tenancy.create('public', 'acme', 'globex');
    dataSource = await tenancy.open();
    await dataSource.query(`insert into public.invoice (payer) values ('template');
      insert into acme.invoice (payer) values ('Acme payer'); insert into globex.invoice (payer) values ('Globex payer');
      insert into acme.line (product, "invoiceId") values ('anvil', 1); insert into acme.note (text, "lineId") values ('heavy', 1)`);
  });

  afterEach(() => tenancy.close());

  async function toReplay(backstory: Backstory): Promise<void> {
    for (const stage of ['shadow', 'replay'] as const)
      await backstory.stages.set('invoice', stage, { force: true });
  }

  it('is captured, proven and replayed for each, and neither sees a row of the other', async () => {
    const tenants = await createBackstoryForTenants(dataSource, { ...options, tenants: ['acme', 'globex'] });
    await tenants.each((backstory) => backstory.backfill());
    await asTenant(dataSource, 'globex', (manager) => manager.update(Invoice, 1, { payer: 'Globex 2' }));
    const updated = await dataSource.query(
      `select 'acme' as tenant, data from backstory_acme.events where change = 'u'
       union all select 'globex', data from backstory_globex.events where change = 'u'`,
    );
    expect(updated).toEqual([{ tenant: 'globex', data: { payer: 'Globex 2' } }]);
    const proofs = await tenants.each((backstory) => backstory.verify());
    expect(proofs).toMatchObject([
      { tenant: 'acme', result: { clean: true } },
      { tenant: 'globex', result: { clean: true } },
    ]);
    await tenants.each(toReplay);
    for (const [tenant, payer] of [
      ['globex', 'Globex 2'],
      ['acme', 'Acme payer'],
      ['public', 'template'],
    ] as const) {
      expect(await asTenant(dataSource, tenant, (manager) => manager.findOneBy(Invoice, { id: 1 }))).toEqual({
        id: 1,
        payer,
      });
      expect(await asTenant(dataSource, tenant, (manager) => manager.find(Invoice))).toEqual([
        { id: 1, payer },
      ]);
    }
    await asTenant(dataSource, 'globex', async (manager) => {
      const invoice = await manager.findOneByOrFail(Invoice, { id: 1 });
      invoice.payer = 'template';
      await manager.save(Invoice, invoice);
    });
    expect(await dataSource.query('select payer from globex.invoice')).toEqual([{ payer: 'template' }]);
    expect(await dataSource.query('select payer from acme.invoice')).toEqual([{ payer: 'Acme payer' }]);
  });

  it('reads of a tenant in replay come from its own events, with what its aggregates own', async () => {
    const tenants = await createBackstoryForTenants(dataSource, { ...options, tenants: ['acme', 'globex'] });
    await tenants.each((backstory) => backstory.backfill());
    await tenants.each(toReplay);
    // what only the events of acme say
    await dataSource.query(`set session_replication_role = replica;
      update acme.invoice set payer = 'behind the back'; update acme.note set text = 'behind the back';
      update globex.invoice set payer = 'behind the back'; set session_replication_role = origin`);
    const whole = { relations: { lines: { notes: true } } };
    expect(await asTenant(dataSource, 'acme', (manager) => manager.find(Invoice, whole))).toEqual([
      { id: 1, payer: 'Acme payer', lines: [{ id: 1, product: 'anvil', notes: [{ id: 1, text: 'heavy' }] }] },
    ]);
    expect(await asTenant(dataSource, 'globex', (manager) => manager.find(Invoice, whole))).toEqual([
      { id: 1, payer: 'Globex payer', lines: [] },
    ]);
    const acme = await tenants.of('acme');
    expect(await acme.load('Invoice', '1')).toMatchObject({
      payer: 'Acme payer',
      lines: [{ product: 'anvil' }],
    });
    expect(await acme.verify()).toMatchObject({ clean: false });
  });

  it('a tenant in replay, another in shadow and one in capture at the same time, and stages that other processes move', async () => {
    const tenants = await createBackstoryForTenants(dataSource, { ...options, tenants: ['acme', 'globex'] });
    const elsewhere = await createBackstoryForTenants(await tenancy.open(), {
      ...options,
      tenants: ['acme', 'globex', 'public'],
    });
    await elsewhere.each((backstory) => backstory.backfill());
    await toReplay(await elsewhere.of('acme'));
    await (await elsewhere.of('globex')).stages.set('invoice', 'shadow', { force: true });
    await dataSource.query(`set session_replication_role = replica;
      update acme.invoice set payer = 'unseen'; update globex.invoice set payer = 'unseen'; update public.invoice set payer = 'unseen';
      set session_replication_role = origin`);
    const payerOf = (tenant: string): Promise<string | undefined> =>
      asTenant(dataSource, tenant, async (manager) => (await manager.find(Invoice))[0]?.payer);
    await until('this instance has heard of it', async () => (await payerOf('acme')) === 'Acme payer');
    expect([await payerOf('globex'), await payerOf('public')]).toEqual(['unseen', 'unseen']);
    const drifted = async (tenant: string): Promise<number> => {
      const backstory = await tenants.of(tenant);
      await backstory.shadowSettled();
      return (await backstory.status())[0]?.shadow?.drifted ?? 0;
    };
    // this instance may have heard of shadow before it has heard of replay
    const driftedOnTheWay = await drifted('acme');
    // the two stages were set one after the other, and may be heard of so
    await until(
      'this instance compares',
      async () => (await payerOf('globex')) !== undefined && (await drifted('globex')) > 0,
    );
    expect(await payerOf('acme')).toBe('Acme payer');
    expect(await drifted('acme')).toBe(driftedOnTheWay);
    await (await elsewhere.of('acme')).stages.set('invoice', 'capture');
    await until('back', async () => (await payerOf('acme')) === 'unseen');
  });

  it('many requests of both at once keep to their own', async () => {
    const tenants = await createBackstoryForTenants(dataSource, { ...options, tenants: ['acme', 'globex'] });
    await tenants.each((backstory) => backstory.backfill());
    await tenants.each(toReplay);
    const work = Array.from({ length: 60 }, (_, turn) => {
      const tenant = turn % 2 === 0 ? 'acme' : 'globex';
      return asTenant(dataSource, tenant, async (manager) => {
        await manager.insert(Invoice, { payer: `${tenant} ${turn}` });
        const found = await manager.find(Invoice);
        return found.every(({ payer }) => payer.toLowerCase().startsWith(tenant));
      });
    });
    expect(new Set(await Promise.all(work))).toEqual(new Set([true]));
    const proofs = await tenants.each((backstory) => backstory.verify());
    expect(proofs.map(({ result }) => [result?.clean, result?.aggregates[0]?.rows])).toEqual([
      [true, 33],
      [true, 31],
    ]);
  });

  it('a tenant that comes while the application runs has a history by one call', async () => {
    const tenants = await createBackstoryForTenants(dataSource, { ...options, tenants: ['acme'] });
    await expect(tenants.of('initech')).rejects.toMatchObject({ code: 'UNKNOWN_TENANT' });
    await dataSource.query(tables('initech'));
    const initech = await tenants.of('initech');
    await asTenant(dataSource, 'initech', (manager) => manager.insert(Invoice, { payer: 'new' }));
    expect(await initech.history('invoice', '1')).toMatchObject([{ type: 'InvoiceCreated' }]);
    await initech.backfill();
    expect(await initech.verify()).toMatchObject({ clean: true });
    expect(await tenants.names()).toEqual(['acme', 'initech']);
    await tenants.forget('initech');
    await dataSource.query('drop schema initech cascade; drop schema backstory_initech cascade');
    expect(await tenants.names()).toEqual(['acme']);
  });

  it('entities that name a schema belong to no tenant, and have a history beside', async () => {
    await dataSource.query(`insert into shared.currency values ('EUR', 'Euro')`);
    const shared = await createBackstory(dataSource, { aggregates: ['Currency'], stagePollMs: 10, logger });
    const tenants = await createBackstoryForTenants(dataSource, { ...options, tenants: ['acme', 'globex'] });
    expect((await (await tenants.of('acme')).status()).map(({ category }) => category)).toEqual(['invoice']);
    await shared.backfill();
    await shared.stages.set('currency', 'replay', { force: true });
    await tenants.each(async (backstory) => {
      await backstory.backfill();
      await toReplay(backstory);
    });
    const [currency, invoice] = await asTenant(dataSource, 'acme', (manager) =>
      Promise.all([manager.find(Currency), manager.find(Invoice)]),
    );
    expect([currency, invoice]).toEqual([[{ code: 'EUR', name: 'Euro' }], [{ id: 1, payer: 'Acme payer' }]]);
    await shared.close();
    expect(await asTenant(dataSource, 'acme', (manager) => manager.find(Invoice))).toHaveLength(1);
    expect(warnings).toEqual([]);
  });

  it('a projection of each tenant has its own tables, whatever the others have', async () => {
    const tenants = await createBackstoryForTenants(dataSource, {
      ...options,
      tenants: ['public', 'acme', 'globex'],
    });
    await tenants.each(async ({ consumers }) => {
      consumers.project({
        name: 'payers',
        tables: ['payer'],
        create: (manager, { payer }) => manager.query(`create table ${payer} (name text)`),
        handlers: [
          onEvent({ category: 'invoice' }, ({ data }, { manager, tables }) =>
            manager.query(`insert into ${tables['payer']} values ($1)`, [data['payer']]),
          ),
        ],
      });
      await consumers.start();
    });
    for (const tenant of ['public', 'acme', 'globex'])
      await asTenant(dataSource, tenant, (manager) => manager.insert(Invoice, { payer: `of ${tenant}` }));
    const payers = async (tenant: string): Promise<unknown[]> =>
      dataSource.query(`select name from ${tenant}.payer`);
    for (const tenant of ['public', 'acme', 'globex']) {
      await until('it was handled', async () => (await payers(tenant)).length > 0);
      expect(await payers(tenant)).toEqual([{ name: `of ${tenant}` }]);
    }
  });
});
