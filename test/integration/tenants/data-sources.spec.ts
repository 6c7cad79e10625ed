import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { unseen } from '../../library/unseen.js';
import { toReplay } from './prove.js';
import { entities, Invoice, tables, Tenancy } from './tenancy.js';

const aggregates = [{ entity: 'Invoice', owns: ['lines'] }];

interface Tenant {
  readonly name: string;
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
}

/** Each writes, goes the whole way and reads, all at the same time, and none sees what is another's. */
async function expectToBeApart(tenants: readonly Tenant[], tableOf: (name: string) => string): Promise<void> {
  await Promise.all(
    tenants.map(async ({ name, dataSource, backstory }) => {
      const invoices = dataSource.getRepository(Invoice);
      await invoices.insert({ payer: `${name} 1` });
      await toReplay(backstory, 'invoice');
      await Promise.all(
        Array.from({ length: 20 }, (_, turn) => invoices.insert({ payer: `${name} ${turn + 2}` })),
      );
      await invoices.update(1, { payer: `${name} changed` });
      const found = await invoices.find();
      expect(found).toHaveLength(21);
      expect(found.filter(({ payer }) => !payer.startsWith(name))).toEqual([]);
      expect(await backstory.verify()).toMatchObject({ clean: true });
      expect(await backstory.history('invoice', '1')).toMatchObject([
        { data: { payer: `${name} 1` } },
        { data: { payer: `${name} changed` } },
      ]);
    }),
  );
  for (const { name, dataSource } of tenants) {
    // what is read is its own events, not those of another nor the row
    await unseen(dataSource, `update ${tableOf(name)} set payer = 'behind the back'`);
    const one = await dataSource.getRepository(Invoice).findOneByOrFail({ id: 1 });
    expect(one.payer).toBe(`${name} changed`);
  }
}

describe('a DataSource for each tenant', () => {
  it('with a schema of its own each, in one database: a history of its own each', async () => {
    const tenancy = await Tenancy.create('acme', 'globex');
    try {
      const tenants: Tenant[] = [];
      for (const name of ['acme', 'globex']) {
        const dataSource = await tenancy.open({ schema: name });
        const backstory = await createBackstory(dataSource, { aggregates, schema: `backstory_${name}` });
        tenants.push({ name, dataSource, backstory });
      }
      await expectToBeApart(tenants, (name) => `${name}.invoice`);
    } finally {
      await tenancy.close();
    }
  });

  it('that all take the default are refused from the second on, and keep the first as it is', async () => {
    const tenancy = await Tenancy.create('acme', 'globex');
    try {
      const acme = await tenancy.open({ schema: 'acme' });
      const globex = await tenancy.open({ schema: 'globex' });
      const backstory = await createBackstory(acme, { aggregates });
      await acme.getRepository(Invoice).insert({ payer: 'Acme' });
      await toReplay(backstory, 'invoice');
      await expect(createBackstory(globex, { aggregates })).rejects.toMatchObject({
        code: 'CATEGORY_TAKEN',
        remedy: expect.stringContaining(`schema: 'backstory_globex'`),
      });
      await globex.getRepository(Invoice).insert({ payer: 'Globex' });
      await acme.getRepository(Invoice).update(1, { payer: 'Acme 2' });
      expect(await acme.getRepository(Invoice).find()).toEqual([{ id: 1, payer: 'Acme 2' }]);
      expect(await globex.getRepository(Invoice).find()).toEqual([{ id: 1, payer: 'Globex' }]);
      expect(await backstory.verify()).toMatchObject({ clean: true });
    } finally {
      await tenancy.close();
    }
  });

  it('don’t take over the streams of a tenant that is gone, unless the table is said to have moved', async () => {
    const tenancy = await Tenancy.create('acme', 'globex');
    try {
      const acme = await tenancy.open({ schema: 'acme' });
      const globex = await tenancy.open({ schema: 'globex' });
      await acme.getRepository(Invoice).insert({ payer: 'Acme' });
      await globex.getRepository(Invoice).insert({ payer: 'Globex' });
      const backstory = await createBackstory(acme, { aggregates: ['Invoice'] });
      await backstory.backfill();
      await backstory.close();
      await acme.query('drop schema acme cascade');
      await expect(createBackstory(globex, { aggregates: ['Invoice'] })).rejects.toMatchObject({
        code: 'CATEGORY_TAKEN',
        message: expect.stringContaining('belongs to "acme"."invoice"'),
        remedy: expect.stringContaining(`movedFrom: 'acme.invoice'`),
      });
      const moved = await createBackstory(globex, {
        aggregates: [{ entity: 'Invoice', movedFrom: 'acme.invoice' }],
      });
      expect((await moved.history('invoice', '1')).at(-1)).toMatchObject({ data: { payer: 'Globex' } });
      expect(await moved.verify()).toMatchObject({ clean: true });
    } finally {
      await tenancy.close();
    }
  });

  it('with a database of its own each: every default is right', async () => {
    const databases: TestDatabase[] = [];
    const tenants: Tenant[] = [];
    try {
      for (const name of ['acme', 'globex']) {
        const database = await createTestDatabase();
        databases.push(database);
        const dataSource = await new DataSource({
          type: 'postgres',
          url: database.url,
          entities,
        }).initialize();
        await dataSource.query(tables('public'));
        tenants.push({ name, dataSource, backstory: await createBackstory(dataSource, { aggregates }) });
      }
      await expectToBeApart(tenants, () => 'public.invoice');
    } finally {
      for (const { dataSource } of tenants) await dataSource.destroy();
      for (const database of databases) await database.drop();
    }
  });
});
