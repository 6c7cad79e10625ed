import { WrongExpectedVersionError } from '@backstory/adapter';
import {
  Called,
  Customer,
  expectSound,
  linesOf,
  openShop,
  Order,
  OrderPaid,
  Repriced,
  type Shop,
} from './shop.js';

describe('commands and several aggregates', () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await openShop();
    await shop.backstory.backfill();
  });

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  const paid = (): OrderPaid => new OrderPaid({ method: 'card' });
  const rename = (): Promise<unknown> =>
    shop.dataSource.query(`update customer set orders = orders + 1 where id = 1`);

  it('are in one transaction, all or none', async () => {
    const { backstory, dataSource } = shop;
    const both = (fails: boolean): Promise<void> =>
      dataSource.transaction(async (manager) => {
        await backstory.handle(Order, 1, paid, { manager });
        await backstory.handle(Customer, 1, () => new Called('x'), { manager });
        if (fails) throw new Error('no');
      });
    await expect(both(true)).rejects.toThrow('no');
    expect(await linesOf(backstory, 'order', '1')).toEqual([]);
    await both(false);
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(1);
    expect(await linesOf(backstory, 'customer', '1')).toHaveLength(1);
  });

  it('one that is only read must end where it did: it is decided anew', async () => {
    const { backstory } = shop;
    const seen: number[] = [];
    await backstory.handle(
      Order,
      1,
      async () => {
        const customer = await backstory.load(Customer, '1');
        seen.push(customer!.orders);
        if (seen.length < 3) await rename();
        return new Repriced(customer!.orders);
      },
      { reads: [[Customer, 1]] },
    );
    expect(seen).toEqual([0, 1, 2]);
    expect(await linesOf(backstory, 'order', '1')).toEqual([
      '2 updated Repriced {"total":"0.02","$event":{"total":2}}',
    ]);
    // also for an event that changes nothing
    const reminded = backstory.handle(
      Order,
      1,
      async () => {
        await rename();
        return { type: 'ReminderSent' };
      },
      { reads: [[Customer, '1']], retries: 0 },
    );
    await expect(reminded).rejects.toThrow(WrongExpectedVersionError);
    await expect(reminded).rejects.toMatchObject({ stream: 'customer-1' });
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(1);
  });

  it('that is read and stays as it is, is held until the commit', async () => {
    const { backstory, dataSource } = shop;
    let changed: Promise<unknown> | undefined;
    await dataSource.transaction(async (manager) => {
      await backstory.handle(Order, 1, paid, { manager, reads: [[Customer, 1]] });
      changed = rename();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await manager.query('select orders from customer where id = 1')).toEqual([{ orders: 0 }]);
    });
    await changed;
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(1);
  });

  it('that is read and not there, is said', async () => {
    const { backstory, dataSource } = shop;
    await dataSource.query('update orders set "customerId" = null; delete from customer where id = 2');
    for (const id of [2, 9])
      await expect(backstory.handle(Order, 1, paid, { reads: [[Customer, id]] })).rejects.toMatchObject({
        code: 'AGGREGATE_NOT_FOUND',
        streamId: String(id),
      });
  });

  it('without an event are checked where that is asked for', async () => {
    const { backstory } = shop;
    let asked = 0;
    const meanwhile = async (): Promise<void> => {
      if (asked++ === 0) await rename();
    };
    await backstory.handle(Order, 1, meanwhile, { reads: [[Customer, 1]] });
    expect(asked).toBe(1);
    asked = 0;
    await backstory.handle(Order, 1, meanwhile, { reads: [[Customer, 1]], checkAlways: true });
    expect(asked).toBe(2);
  });
});
