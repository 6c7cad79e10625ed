import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { unseen } from '../../library/unseen.js';
import { toReplay } from './prove.js';

interface Payment {
  tenant: string;
  number: number;
  amount: number;
}

/** The same numbers for each tenant. */
const Payment = new EntitySchema<Payment>({
  name: 'Payment',
  columns: {
    tenant: { type: 'text', primary: true },
    number: { type: 'int', primary: true },
    amount: { type: 'int' },
  },
});

/** Numbers of its own, and a column that says whose it is. */
const Letter = new EntitySchema<{ id: number; tenant: string; text: string }>({
  name: 'Letter',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    tenant: { type: 'text' },
    text: { type: 'text' },
  },
});

const both = ['acme', 'globex'] as const;

describe('tenants in the same tables, told apart by a column', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Payment, Letter],
      synchronize: true,
    }).initialize();
    for (const tenant of both) {
      await dataSource.getRepository(Payment).insert({ tenant, number: 1, amount: 1 });
      await dataSource.getRepository(Letter).insert({ tenant, text: `to ${tenant}` });
    }
    backstory = await createBackstory(dataSource);
    for (const category of ['payment', 'letter']) await toReplay(backstory, category);
  });

  afterEach(async () => {
    await dataSource.destroy();
    await database.drop();
  });

  it('as a part of the key: a stream for each, named after both', async () => {
    const payments = dataSource.getRepository(Payment);
    await Promise.all(
      both.flatMap((tenant) =>
        Array.from({ length: 10 }, (_, turn) => payments.insert({ tenant, number: turn + 2, amount: turn })),
      ),
    );
    await payments.update({ tenant: 'globex', number: 1 }, { amount: 100 });
    expect(await backstory.history('payment', 'acme:1')).toHaveLength(1);
    expect(await backstory.history('payment', 'globex:1')).toMatchObject([{}, { data: { amount: 100 } }]);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await unseen(dataSource, 'update payment set amount = -1');
    for (const tenant of both) {
      const found = await payments.findBy({ tenant });
      expect(found).toHaveLength(11);
      expect(found.every((each) => each.tenant === tenant && each.amount >= 0)).toBe(true);
    }
    expect(await payments.findOneBy({ tenant: 'acme', number: 1 })).toMatchObject({ amount: 1 });
  });

  it('as a column like others: what a read asks for is decided by the row, and its values are replayed', async () => {
    const letters = dataSource.getRepository(Letter);
    await letters.update({ tenant: 'acme' }, { text: 'to acme, again' });
    await unseen(dataSource, `update letter set text = 'behind the back'`);
    expect(await letters.findBy({ tenant: 'acme' })).toEqual([
      { id: 1, tenant: 'acme', text: 'to acme, again' },
    ]);
    expect(await letters.findBy({ tenant: 'globex' })).toEqual([
      { id: 2, tenant: 'globex', text: 'to globex' },
    ]);
    expect(await letters.countBy({ tenant: 'globex' })).toBe(1);
    // one that moves is the other's from then on, with its whole stream
    await letters.update(1, { tenant: 'globex' });
    expect(await letters.findBy({ tenant: 'acme' })).toEqual([]);
    expect(await letters.findBy({ tenant: 'globex' })).toHaveLength(2);
  });

  it('what is asked by stream asks for no tenant: that is for the application to check', async () => {
    expect(await backstory.load('Letter', '2')).toMatchObject({ tenant: 'globex' });
  });
});
