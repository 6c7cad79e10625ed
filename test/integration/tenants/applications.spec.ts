import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { unseen } from '../../library/unseen.js';
import { toReplay } from './prove.js';

const columns = {
  id: { type: 'int', primary: true },
  label: { type: 'text' },
} as const;
const OfShop = new EntitySchema({ name: 'Account', schema: 'shop', tableName: 'account', columns });
const OfBilling = new EntitySchema({
  name: 'Account',
  schema: 'billing',
  tableName: 'accounts',
  columns: { ...columns, balance: { type: 'int', default: 0 } },
});

describe('several applications on one database, each with an entity of the same name', () => {
  let database: TestDatabase;
  let shop: DataSource;
  let billing: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    const open = (entities: EntitySchema[]): Promise<DataSource> =>
      new DataSource({ type: 'postgres', url: database.url, entities }).initialize();
    [shop, billing] = await Promise.all([open([OfShop]), open([OfBilling])]);
    await shop.query(`create schema shop; create schema billing;
      create table shop.account (id int primary key, label text not null);
      create table billing.accounts (id int primary key, label text not null, balance int not null default 0)`);
  });

  afterEach(async () => {
    await shop.destroy();
    await billing.destroy();
    await database.drop();
  });

  it.each([
    ['another schema for the history', { schema: 'backstory_billing' }, 'account'],
    [
      'another category in the same history',
      { aggregates: [{ entity: 'Account', category: 'billingAccount' }] },
      'billingAccount',
    ],
  ])('are kept apart by %s', async (_how, options, category) => {
    const ofShop = await createBackstory(shop, { stagePollMs: 10 });
    await expect(createBackstory(billing)).rejects.toMatchObject({ code: 'CATEGORY_TAKEN' });
    const ofBilling = await createBackstory(billing, { ...options, stagePollMs: 10 });
    await shop.manager.insert('Account', { id: 1, label: 'of the shop' });
    await billing.manager.insert('Account', { id: 1, label: 'of billing', balance: 7 });
    // a backfill of one takes what the other names in the same history along
    await toReplay(ofShop, 'account');
    await toReplay(ofBilling, category);
    await Promise.all(
      Array.from({ length: 20 }, (_, turn) =>
        Promise.all([
          shop.manager.update('Account', 1, { label: `of the shop ${turn}` }),
          billing.manager.update('Account', 1, { balance: turn + 100 }),
        ]),
      ),
    );
    await unseen(
      shop,
      `update shop.account set label = 'unseen'; update billing.accounts set label = 'unseen'`,
    );
    const [ofOne, ofOther] = [await shop.manager.find('Account'), await billing.manager.find('Account')];
    expect(ofOne).toEqual([{ id: 1, label: expect.stringMatching(/^of the shop \d+$/) }]);
    expect(ofOther).toEqual([{ id: 1, label: 'of billing', balance: expect.any(Number) }]);
    // each may start and install again beside the other
    await ofShop.install();
    await ofBilling.install();
    expect(await billing.manager.find('Account')).toEqual(ofOther);
    expect((await ofShop.history('account', '1')).map(({ data }) => 'balance' in data)).not.toContain(true);
    expect(await ofBilling.history(category, '1')).toHaveLength(21);
  });

  it('with entities of other names share one history, and each verifies what both have', async () => {
    const Note = new EntitySchema({ name: 'Note', schema: 'billing', columns });
    await shop.query('create table billing.note (id int primary key, label text not null)');
    const other = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Note],
    }).initialize();
    try {
      const ofShop = await createBackstory(shop);
      const ofOther = await createBackstory(other);
      await shop.manager.insert('Account', { id: 1, label: 'a' });
      await other.manager.insert('Note', { id: 1, label: 'n' });
      await ofShop.backfill();
      await ofOther.backfill();
      const verified = await ofShop.verify();
      expect(verified).toMatchObject({ clean: true, aggregates: [{}, {}] });
      expect(verified.aggregates.map(({ category }) => category).sort()).toEqual(['account', 'note']);
    } finally {
      await other.destroy();
    }
  });
});
