import { ConstraintViolatedError } from '@backstory/adapter';
import { Called, Customer, expectSound, linesOf, openShop, Order, Repriced, type Shop } from './shop.js';

class NameTaken extends Error {}

describe('what constraints refuse', () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await openShop({
      prepare: `alter table orders add constraint no_debts check (total >= 0);
        create unique index one_total on orders (total) where status = 'new'`,
    });
    await shop.backstory.backfill();
  });

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  const refused = async (work: Promise<unknown>): Promise<unknown> => {
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(ConstraintViolatedError);
    const { kind, properties, constraint, cause } = error as ConstraintViolatedError;
    expect(cause).toMatchObject({ constraint });
    return [kind, properties];
  };

  it('names the property, in a transaction of its own and of a caller', async () => {
    const { backstory, dataSource } = shop;
    expect(await refused(backstory.handle(Order, 1, () => new Repriced(-1)))).toEqual(['check', ['total']]);
    expect(await refused(backstory.handle(Order, 1, () => new Repriced(2000)))).toEqual([
      'unique',
      ['total'],
    ]);
    const assign = { type: 'Assigned', data: { customer: 99 } };
    expect(await refused(backstory.handle(Order, 1, () => assign))).toEqual(['foreign key', ['customer.id']]);
    const ofCaller = dataSource.transaction((manager) =>
      backstory.handle(Order, 1, () => assign, { manager }),
    );
    expect(await refused(ofCaller)).toEqual(['foreign key', ['customer.id']]);
    expect(await linesOf(backstory, 'order', '1')).toEqual([]);
  });

  it('or is an error of the application’s own', async () => {
    const { backstory, dataSource } = shop;
    await dataSource.query(`update customer set name = 'anna, called by x' where id = 2`);
    const call = (refusals: object): Promise<Customer> =>
      backstory.handle(Customer, 1, () => new Called('x'), { refusals: refusals as never });
    await expect(call({ name: () => new NameTaken() })).rejects.toThrow(NameTaken);
    await expect(call({ orders: () => new NameTaken() })).rejects.toThrow(
      /"name" of "customer" must be unique/,
    );
  });

  it('of another table comes as it is', async () => {
    const { backstory, dataSource } = shop;
    await dataSource.query(`create table log (note text not null);
      create function note() returns trigger language plpgsql as $$ begin insert into log values (null); return null; end $$;
      create trigger note after update on orders for each row execute function note()`);
    await expect(backstory.handle(Order, 1, () => new Repriced(1))).rejects.toMatchObject({
      code: '23502',
      table: 'log',
    });
  });
});
