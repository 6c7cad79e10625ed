import { createBackstory } from '@backstory/adapter';
import { aggregate } from '@backstory/adapter';
import {
  Customer,
  expectSound,
  linesOf,
  openShop,
  Order,
  OrderPaid,
  Repriced,
  type Shop,
  shopOptions,
} from './shop.js';

describe('a command with an id', () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await openShop({ more: { poolSize: 10 } as object });
    await shop.backstory.backfill();
  });

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  it('comes to the same when it is delivered again, whatever has happened since', async () => {
    const { backstory } = shop;
    let asked = 0;
    const deliver = (): Promise<Order> =>
      backstory.handle(Order, 1, ({ total }) => (asked++, new Repriced(total + 1)), { commandId: 'c1' });
    const first = await deliver();
    await backstory.handle(Order, 1, () => new OrderPaid({ method: 'x' }));
    expect(await deliver()).toEqual(first);
    expect(asked).toBe(1);
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(2);
  });

  it('by eight at once has its effect once, and all get the same', async () => {
    const { backstory } = shop;
    const found = await Promise.all(
      Array.from({ length: 8 }, () =>
        backstory.handle(Order, 1, ({ total }) => new Repriced(total + 1), { commandId: 'c1' }),
      ),
    );
    expect(new Set(found.map(({ total }) => total))).toEqual(new Set([1001]));
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(1);
  });

  it('gives all the same, too, where another delivery is faster and decide then refuses what is done already', async () => {
    const { backstory, dataSource } = shop;
    const pay = (beside: () => Promise<unknown>, commandFingerprint = 'a'): Promise<Order> =>
      backstory.handle(
        Order,
        1,
        async () => {
          await beside();
          if ((await dataSource.manager.findOneByOrFail(Order, { id: 1 })).status === 'paid')
            throw new Error('paid already');
          return new OrderPaid({ method: 'card' });
        },
        { commandId: 'pay', commandFingerprint },
      );
    const first = (): Promise<Order> => pay(() => Promise.resolve());
    const second = await pay(first);
    expect(second).toMatchObject({ status: 'paid' });
    expect(await first()).toEqual(second);
    await expect(pay(first, 'b')).rejects.toMatchObject({ code: 'COMMAND_ID_REUSED' });
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(1);
    await dataSource.manager.update(Order, 1, { status: 'new' });
    await expect(
      backstory.handle(Order, 1, () => Promise.reject(new Error('no')), { commandId: 'other' }),
    ).rejects.toThrow('no');
    // in a transaction that is over, it is the error that ended it
    const failing = dataSource.transaction((manager) =>
      backstory.handle(Order, 1, async () => void (await manager.query('select 1 / 0')), {
        manager,
        commandId: 'other',
      }),
    );
    await expect(failing).rejects.toThrow('division by zero');
  });

  it('and another fingerprint is refused, whatever decide would say', async () => {
    const { backstory } = shop;
    const reprice = (commandFingerprint?: string): Promise<Order> =>
      backstory.handle(Order, 1, ({ total }) => new Repriced(total + 1), {
        commandId: 'c1',
        ...(commandFingerprint !== undefined && { commandFingerprint }),
      });
    const first = await reprice('a');
    expect([await reprice('a'), await reprice()]).toEqual([first, first]);
    await expect(reprice('b')).rejects.toMatchObject({ code: 'COMMAND_ID_REUSED' });
    await expect(backstory.handle(Order, 1, () => [], { commandFingerprint: 'a' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(1);
  });

  it('also one that creates, appends, or comes to nothing', async () => {
    const aggregates = [
      'all' as const,
      ...[Customer].map((entity) =>
        aggregate(entity, {
          evolve: { Joined: (customer, { name }: { name: string }) => void (customer.name = name) },
        }),
      ),
    ];
    const { dataSource, backstory } = shop;
    await backstory.close();
    const again = await createBackstory(dataSource, {
      ...shopOptions,
      aggregates: [...aggregates, ...(shopOptions.aggregates as []).slice(1)],
    });
    const joined = await Promise.all(
      Array.from({ length: 8 }, () =>
        again.create(Customer, () => ({ type: 'Joined', data: { name: 'carl' } }), { commandId: 'join' }),
      ),
    );
    expect(new Set(joined.map(({ id }) => id)).size).toBe(1);
    const remind = (): Promise<Order> =>
      again.handle(Order, 1, () => ({ type: 'ReminderSent' }), { commandId: 'remind' });
    await remind();
    await remind();
    expect(await linesOf(again, 'order', '1')).toEqual(['2 none ReminderSent {}']);
    let asked = 0;
    for (let turn = 0; turn < 2; turn++)
      await again.handle(Order, 2, () => void asked++, { commandId: 'nothing' });
    expect(asked).toBe(1);
    await again.close();
  });

  it('is not remembered where it fails', async () => {
    const { backstory } = shop;
    const fail = (): never => {
      throw new Error('no');
    };
    await expect(backstory.handle(Order, 1, fail, { commandId: 'c1' })).rejects.toThrow('no');
    expect(await backstory.handle(Order, 1, () => new Repriced(1), { commandId: 'c1' })).toMatchObject({
      total: 1,
    });
  });

  it('is of one aggregate', async () => {
    const { backstory } = shop;
    await backstory.handle(Order, 1, () => new Repriced(1), { commandId: 'c1' });
    const other = backstory.handle(Order, 2, () => new Repriced(1), { commandId: 'c1' });
    await expect(other).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
    await expect(other).rejects.toThrow(/"c1" is that of a command on "order-1"/);
    await expect(backstory.handle(Order, 2, () => [], { commandId: '' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
  });

  it('in the transaction of a caller goes with it', async () => {
    const { backstory, dataSource } = shop;
    const inTransaction = (fail: boolean): Promise<unknown> =>
      dataSource.transaction(async (manager) => {
        await backstory.handle(Order, 1, ({ total }) => new Repriced(total + 1), {
          manager,
          commandId: 'c1',
        });
        if (fail) throw new Error('no');
      });
    await expect(inTransaction(true)).rejects.toThrow('no');
    await inTransaction(false);
    await inTransaction(false);
    expect(await linesOf(backstory, 'order', '1')).toHaveLength(1);
  });

  it('is kept as long as is said', async () => {
    const { backstory, dataSource } = shop;
    await backstory.handle(Order, 1, () => new Repriced(1), { commandId: 'old' });
    await backstory.handle(Order, 1, () => new Repriced(2), { commandId: 'young' });
    await dataSource.query(
      `update backstory.commands set handled_at = now() - interval '31 days' where id = 'old'`,
    );
    await backstory.handle(Order, 1, () => new Repriced(3), { commandId: 'next' });
    expect(await dataSource.query('select id from backstory.commands order by id')).toEqual([
      { id: 'next' },
      { id: 'young' },
    ]);
  });
});
