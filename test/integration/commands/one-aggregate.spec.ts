import { eventInstance, WrongExpectedVersionError } from '@backstory/adapter';
import {
  Called,
  Customer,
  expectSound,
  linesOf,
  openShop,
  Order,
  OrderPaid,
  OrderShipped,
  Repriced,
  type Shop,
} from './shop.js';

describe('a command on one aggregate', () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await openShop();
    await shop.backstory.backfill();
  });

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  const shippedAt = new Date('2026-01-02T03:04:05.678Z');

  it('writes the row and one event, with what it changes and what it says', async () => {
    const { backstory, dataSource } = shop;
    const order = await backstory.handle(Order, '1', (order) => {
      expect(order).toBeInstanceOf(Order);
      expect(order.total).toBe(1000);
      return new OrderShipped({ trackingNumber: 'T1', shippedAt });
    });
    expect(order).toBeInstanceOf(Order);
    expect(order).toMatchObject({ id: 1, status: 'shipped', shippedAt, version: 2, shout: 'SHIPPED' });
    expect(order).toEqual(await dataSource.manager.findOneBy(Order, { id: 1 }));
    const events = await backstory.history('order', '1', { after: 1 });
    expect(events).toMatchObject([
      {
        streamPosition: 2,
        type: 'OrderShipped',
        change: 'updated',
        data: {
          status: 'shipped',
          shippedAt: '2026-01-02T03:04:05.678+00:00',
          shout: 'SHIPPED',
          version: 2,
          $event: { trackingNumber: 'T1', shippedAt: '2026-01-02T03:04:05.678Z' },
        },
        metadata: { origin: 'command' },
      },
    ]);
    expect(eventInstance(OrderShipped, events[0]!)).toMatchObject({
      trackingNumber: 'T1',
      status: 'shipped',
    });
    expect((await backstory.state(Order, '1')).state).not.toHaveProperty('$event');
  });

  it('takes numbers, JSON, embedded properties and foreign keys as events have them', async () => {
    const { backstory, dataSource } = shop;
    const order = await backstory.handle(Order, 1, () => [
      new Repriced(1234),
      { type: 'Noted', data: { text: 'gift' } },
      { type: 'Moved', data: { city: 'Rome' } },
      { type: 'Assigned', data: { customer: 2 } },
    ]);
    expect(order).toMatchObject({ total: 1234, notes: { text: 'gift' }, address: { city: 'Rome' } });
    expect(await linesOf(backstory, 'order', '1')).toEqual([
      '2 updated Repriced {"total":"12.34","$event":{"total":1234}}',
      '3 updated Noted {"notes":{"text":"gift"},"$event":{"text":"gift"}}',
      '4 updated Moved {"$event":{"city":"Rome"},"address.city":"Rome"}',
      '5 updated Assigned {"$event":{"customer":2},"customer.id":2}',
    ]);
    expect(await dataSource.query('select "customerId", version from orders where id = 1')).toEqual([
      { customerId: 2, version: 2 },
    ]);
  });

  it('gives each of several events its state, also where a later one changes the same property', async () => {
    const { backstory } = shop;
    await backstory.handle(Order, 1, () => [
      new OrderPaid({ method: 'card' }),
      new Repriced(500),
      new Repriced(700),
      { type: 'ReminderSent', data: { channel: 'sms' } },
      new OrderShipped({ trackingNumber: 'T', shippedAt }),
    ]);
    expect(await linesOf(backstory, 'order', '1')).toEqual([
      '2 updated OrderPaid {"$event":{"method":"card"},"status":"paid"}',
      '3 updated Repriced {"total":"5.00","$event":{"total":500}}',
      '4 updated Repriced {"total":"7.00","$event":{"total":700}}',
      '5 none ReminderSent {"channel":"sms"}',
      '6 updated OrderShipped {"$event":{"shippedAt":"2026-01-02T03:04:05.678Z","trackingNumber":"T"},"status":"shipped","shippedAt":"2026-01-02T03:04:05.678+00:00"}',
    ]);
    expect(await backstory.load(Order, '1', { version: 2 })).toMatchObject({ status: 'paid', total: 1000 });
    expect(await backstory.load(Order, '1', { version: 3 })).toMatchObject({ status: 'paid', total: 500 });
    expect(await backstory.load(Order, '1')).toMatchObject({ status: 'shipped', total: 700, version: 2 });
  });

  it('leaves out what comes to nothing in the end', async () => {
    const { backstory, dataSource } = shop;
    await backstory.handle(Order, 1, () => [new Repriced(500), new Repriced(1000)]);
    expect(await linesOf(backstory, 'order', '1')).toEqual([
      '2 none Repriced {"total":500}',
      '3 none Repriced {"total":1000}',
    ]);
    expect(await dataSource.query('select version from orders where id = 1')).toEqual([{ version: 1 }]);
  });

  it('may be decided by methods of the entity', async () => {
    const { backstory } = shop;
    const anna = await backstory.handle(Customer, 1, () => new Called('bert'));
    expect(anna).toMatchObject({ orders: 1, name: 'anna, called by bert' });
    expect(await linesOf(backstory, 'customer', '1')).toEqual([
      '2 updated Called {"name":"anna, called by bert","$event":{"by":"bert"},"orders":1}',
    ]);
  });

  it('without an event writes nothing, and gives the entity', async () => {
    const { backstory } = shop;
    const order = await backstory.handle(Order, 1, () => undefined);
    expect(order).toMatchObject({ id: 1, status: 'new' });
    await backstory.handle(Order, 1, async () => {
      await Promise.resolve();
      return [];
    });
    expect(await linesOf(backstory, 'order', '1')).toEqual([]);
  });

  it('passes on what decide and evolve throw, and writes nothing', async () => {
    const { backstory } = shop;
    const own = new Error('not paid');
    await expect(
      backstory.handle(Order, 1, () => {
        throw own;
      }),
    ).rejects.toBe(own);
    expect(await linesOf(backstory, 'order', '1')).toEqual([]);
  });

  it.each([
    ['a change by decide', (order: Order): void => void (order.status = 'x'), /decide has changed "status"/],
    [
      'a change within a value',
      (order: Order): OrderPaid => {
        order.notes['a'] = 1;
        return new OrderPaid({ method: 'x' });
      },
      /decide has changed "notes"/,
    ],
    [
      'an event that nothing is said of',
      (): object => ({ type: 'OrderBurnt' }),
      /Nothing says what OrderBurnt does/,
    ],
    [
      'undefined',
      (): object => ({ type: 'Moved', data: {} }),
      /Moved changes "address.city" of "order", to undefined/,
    ],
  ] as const)('refuses %s', async (_, decide, message) => {
    const { backstory, dataSource } = shop;
    await dataSource.query(`update orders set "addressCity" = 'Bonn' where id = 1`);
    const refused = backstory.handle(Order, 1, decide);
    await expect(refused).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
    await expect(refused).rejects.toThrow(message);
    expect(await linesOf(backstory, 'order', '1', 2)).toEqual([]);
  });

  it('of what is not there, or no longer, is refused', async () => {
    const { backstory, dataSource } = shop;
    await dataSource.query('delete from orders where id = 2');
    const paid = (): OrderPaid => new OrderPaid({ method: 'x' });
    for (const id of [9, 'x', 2])
      await expect(backstory.handle(Order, id, paid)).rejects.toMatchObject({ code: 'AGGREGATE_NOT_FOUND' });
    await expect(backstory.handle(Order, 2, paid)).rejects.toThrow(/was deleted/);
  });

  it('begins the stream of a row that has none', async () => {
    const { backstory, dataSource } = shop;
    await dataSource.query('alter table orders disable trigger all');
    await dataSource.query('insert into orders (id, total, version) values (7, 70, 1)');
    await dataSource.query('alter table orders enable trigger all');
    const order = await backstory.handle(Order, 7, (order) => new Repriced(order.total + 1));
    expect(order).toMatchObject({ id: 7, total: 7001, status: 'new' });
    expect(await linesOf(backstory, 'order', '7')).toEqual([
      '2 updated Repriced {"total":"70.01","$event":{"total":7001}}',
    ]);
  });

  it('is decided anew when somebody else was faster', async () => {
    const { backstory, dataSource } = shop;
    let asked = 0;
    const changed = await backstory.handle(Order, 1, async (order) => {
      if (asked++ < 2) await dataSource.query('update orders set total = total + 1 where id = 1');
      return new Repriced(order.total + 5);
    });
    expect(asked).toBe(3);
    expect(changed.total).toBe(1205);
    const always = backstory.handle(
      Order,
      1,
      async () => {
        await dataSource.query('update orders set total = total + 1 where id = 1');
        return new Repriced(1);
      },
      { retries: 1 },
    );
    await expect(always).rejects.toThrow(WrongExpectedVersionError);
    await expect(always).rejects.toThrow(/decided 2 times/);
  });

  it('is checked without an event only where that is asked for', async () => {
    const { backstory, dataSource } = shop;
    let asked = 0;
    const meanwhile = async (): Promise<void> => {
      if (asked++ === 0) await dataSource.query('update orders set total = total + 1 where id = 1');
    };
    expect(await backstory.handle(Order, 1, meanwhile)).toMatchObject({ total: 1000 });
    asked = 0;
    expect(await backstory.handle(Order, 1, meanwhile, { checkAlways: true })).toMatchObject({ total: 1200 });
    expect(asked).toBe(2);
  });

  it('in the transaction of the caller goes with it, and is not tried again', async () => {
    const { backstory, dataSource } = shop;
    const rolledBack = dataSource.transaction(async (manager) => {
      await backstory.handle(Order, 1, () => new Repriced(1), { manager });
      const order = await backstory.handle(Order, 1, ({ total }) => new Repriced(total + 1), { manager });
      expect(order.total).toBe(2);
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await linesOf(backstory, 'order', '1')).toEqual([]);
    let asked = 0;
    const stale = dataSource.transaction((manager) =>
      backstory.handle(
        Order,
        1,
        async () => {
          asked++;
          await dataSource.query('update orders set total = total + 1 where id = 1');
          return new Repriced(1);
        },
        { manager },
      ),
    );
    await expect(stale).rejects.toThrow(/transaction is the caller's/);
    expect(asked).toBe(1);
    await expect(
      backstory.handle(Order, 1, () => new Repriced(1), { manager: dataSource.manager }),
    ).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
  });

  it('by eight at once has each effect once', async () => {
    const { backstory } = shop;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        for (let turn = 0; turn < 5; turn++)
          await backstory.handle(Order, 1, ({ total }) => new Repriced(total + 1), { retries: 100 });
      }),
    );
    expect(await backstory.load(Order, '1')).toMatchObject({ total: 1040, version: 41 });
    expect(await backstory.history('order', '1')).toHaveLength(41);
  });
});
