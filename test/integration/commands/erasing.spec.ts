import { aggregate, eventInstance } from '@backstory/adapter';
import {
  evolveOrder,
  expectSound,
  linesOf,
  openShop,
  Order,
  OrderPaid,
  Repriced,
  type Shop,
} from './shop.js';

describe('what an event of a command says itself', () => {
  let shop: Shop;

  const open = async (options: object = {}): Promise<void> => {
    shop = await openShop({
      options: {
        aggregates: ['all', aggregate(Order, { evolve: evolveOrder, category: 'order', ...options })],
      },
    });
    await shop.backstory.backfill();
    await shop.backstory.handle(Order, 1, () => [new Repriced(1), new OrderPaid({ method: 'card 4711' })]);
  };

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  it('is erased by its name, and replay goes on', async () => {
    await open();
    const { backstory } = shop;
    await backstory.erase(Order, '1', { properties: ['$event'] });
    expect(await linesOf(backstory, 'order', '1')).toEqual([
      '2 updated Repriced {"total":"0.01","$event":null}',
      '3 updated OrderPaid {"$event":null,"status":"paid"}',
      '4 updated OrderErased {}',
    ]);
    const [, paid] = await backstory.history('order', '1', { after: 1 });
    expect(eventInstance(OrderPaid, paid!)).toMatchObject({ status: 'paid' });
    expect(await backstory.load(Order, '1')).toMatchObject({ status: 'paid', total: 1 });
    expect(await backstory.handle(Order, 1, () => new Repriced(2))).toMatchObject({
      status: 'paid',
      total: 2,
    });
  });

  it('with the rest of the stream, whose row a command then goes on with', async () => {
    await open();
    const { backstory } = shop;
    await backstory.erase(Order, '1');
    expect(await linesOf(backstory, 'order', '1')).toMatchObject([
      '2 updated Repriced {"total":null,"$event":null}',
      '3 updated OrderPaid {"$event":null,"status":null}',
      '4 updated OrderErased {}',
    ]);
    const order = await backstory.handle(Order, 1, ({ total }) => new Repriced(total + 1));
    expect(order).toMatchObject({ status: 'paid', total: 2 });
    expect((await linesOf(backstory, 'order', '1', 4))[0]).toBe(
      '5 updated Repriced {"total":"0.02","$event":{"total":2}}',
    );
  });

  it('with the person whose order it is, whatever else of the order is personal', async () => {
    await open({ subject: 'customer.id', personal: ['notes'] });
    const { backstory } = shop;
    await backstory.erasure.eraseSubject('customer:1');
    expect(await linesOf(backstory, 'order', '1')).toEqual([
      '2 updated Repriced {"total":"0.01","$event":null}',
      '3 updated OrderPaid {"$event":null,"status":"paid"}',
      '4 updated OrderErased {}',
    ]);
  });

  it('when it is past, as soon as it is old', async () => {
    await open({ retain: { after: '1 second', properties: 'all' } });
    const { backstory, dataSource } = shop;
    await dataSource.query('select pg_sleep(1.1)');
    await backstory.erasure.retain();
    expect(await linesOf(backstory, 'order', '1')).toEqual([
      '2 updated Repriced {"total":"0.01","$event":null}',
      '3 updated OrderPaid {"$event":null,"status":"paid"}',
      '4 updated OrderErased {}',
    ]);
  });
});
