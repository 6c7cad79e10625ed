import { withEvent } from '@backstory/adapter';
import { EventSubscriber, type EntitySubscriberInterface, type UpdateEvent } from 'typeorm';
import { expectSound, linesOf, openShop, Order, OrderPaid, Repriced, type Shop } from './shop.js';

const paid = (): OrderPaid => new OrderPaid({ method: 'card' });
const asBefore = `{"$event":{"method":"card"},"status":"paid"}`;

const trigger = (name: string, when: string, body: string, forEach = 'row'): string => `
  create function ${name}() returns trigger language plpgsql as $$ begin ${body} end $$;
  create trigger ${name} ${when} on orders for each ${forEach} execute function ${name}();`;

/** What has touched the row beside the command, as seen by who listens to TypeORM. */
const heard: string[] = [];

@EventSubscriber()
class Listening implements EntitySubscriberInterface<Order> {
  listenTo(): typeof Order {
    return Order;
  }

  afterUpdate({ metadata }: UpdateEvent<Order>): void {
    heard.push(metadata.name);
  }
}

describe('what else changes the row of a command is an event of its own, once', () => {
  let shop: Shop;

  const open = async (prepare = '', options: Parameters<typeof openShop>[0] = {}): Promise<void> => {
    shop = await openShop({ ...options, prepare });
    await shop.backstory.backfill();
  };

  const lines = (): Promise<string[]> => linesOf(shop.backstory, 'order', '1');

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  it('a trigger that changes another column before', async () => {
    await open(trigger('raise', 'before update', `new.total := new.total + 1; return new;`));
    const order = await shop.backstory.handle(Order, 1, paid);
    expect(order).toMatchObject({ status: 'paid', total: 1100 });
    expect(await lines()).toEqual([
      `2 updated OrderPaid ${asBefore}`,
      `3 updated OrderUpdated {"total":"11.00"}`,
    ]);
    const [, residual] = await shop.backstory.history('order', '1', { after: 1 });
    expect(residual?.metadata).toMatchObject({ origin: 'residual' });
  });

  it('a trigger that says otherwise than the event: the event has what the row has become', async () => {
    await open(trigger('shout', 'before update', `new.status := new.status || '!'; return new;`));
    expect(await shop.backstory.handle(Order, 1, paid)).toMatchObject({ status: 'paid!' });
    expect(await lines()).toEqual([`2 updated OrderPaid {"$event":{"method":"card"},"status":"paid!"}`]);
  });

  it('a trigger that takes the change back: the event has happened, and the row is as it was', async () => {
    await open(trigger('keep', 'before update', `return old;`));
    expect(await shop.backstory.handle(Order, 1, paid)).toMatchObject({ status: 'new', version: 1 });
    expect(await lines()).toEqual([`2 updated OrderPaid {"$event":{"method":"card"}}`]);
  });

  it('a trigger that keeps the row from being changed: nothing is written', async () => {
    await open(trigger('refuse', 'before update', `return null;`));
    await expect(shop.backstory.handle(Order, 1, paid)).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
    expect(await lines()).toEqual([]);
  });

  it.each(['row', 'statement'])('a trigger for each %s that changes the row again', async (forEach) => {
    const body = `if pg_trigger_depth() < 2 then update orders set total = total + 1 where id = 1; end if; return null;`;
    await open(trigger('again', 'after update', body, forEach));
    expect(await shop.backstory.handle(Order, 1, paid)).toMatchObject({ status: 'paid', total: 1100 });
    expect((await lines()).map((line) => line.slice(2)).sort()).toEqual([
      `updated OrderPaid ${asBefore}`,
      `updated OrderUpdated {"total":"11.00"}`,
    ]);
  });

  it('a trigger that changes the same property again', async () => {
    const body = `if pg_trigger_depth() < 2 then update orders set status = 'checked' where id = 1; end if; return null;`;
    await open(trigger('again', 'after update', body));
    expect(await shop.backstory.handle(Order, 1, paid)).toMatchObject({ status: 'checked' });
    expect(await lines()).toEqual([
      `2 updated OrderPaid ${asBefore}`,
      `3 updated OrderUpdated {"status":"checked"}`,
    ]);
  });

  it('a trigger that changes another row of the table', async () => {
    await open(
      trigger(
        'other',
        'after update',
        `if new.id = 1 then update orders set total = 0 where id = 2; end if; return null;`,
      ),
    );
    await shop.backstory.handle(Order, 1, paid);
    expect(await lines()).toEqual([`2 updated OrderPaid ${asBefore}`]);
    expect(await linesOf(shop.backstory, 'order', '2')).toEqual([`2 updated OrderUpdated {"total":"0.00"}`]);
  });

  it('evolve that also calls the repository: that write was before, so it is decided anew', async () => {
    await open();
    const { dataSource, backstory } = shop;
    let writes = 0;
    const order = await backstory.handle(Order, 1, async () => {
      if (writes++ === 0) await dataSource.manager.update(Order, 1, { status: 'paid' });
      return new OrderPaid({ method: 'card' });
    });
    expect(order.status).toBe('paid');
    expect(await lines()).toEqual([
      `2 updated OrderUpdated {"status":"paid"}`,
      `3 none OrderPaid {"method":"card"}`,
    ]);
  });

  it('a repository that is called in the same transaction, before and after', async () => {
    await open();
    await shop.dataSource.transaction(async (manager) => {
      await manager.update(Order, 1, { total: 1100 });
      await shop.backstory.handle(Order, 1, paid, { manager });
      const order = await manager.findOneByOrFail(Order, { id: 1 });
      order.total = 1200;
      await manager.save(order);
    });
    expect(await lines()).toEqual([
      `2 updated OrderUpdated {"total":"11.00"}`,
      `3 updated OrderPaid ${asBefore}`,
      `4 updated OrderUpdated {"total":"12.00"}`,
    ]);
  });

  it('scopes and rules around it name nothing of it', async () => {
    await open('', {
      options: {
        aggregates: [
          {
            entity: Order,
            category: 'order',
            events: [{ type: 'OrderBecamePaid', when: { became: { status: 'paid' } } }],
            evolve: { OrderPaid: (order: Order) => void (order.status = 'paid') },
          },
        ],
      },
    });
    await withEvent('Something', { aggregate: Order, data: { a: 1 } }, () =>
      shop.backstory.handle(Order, 1, paid),
    );
    expect(await lines()).toEqual([`2 updated OrderPaid ${asBefore}`]);
  });

  it('subscribers and listeners are not called, and can write nothing twice', async () => {
    await open('', { more: { subscribers: [Listening] } });
    await shop.dataSource.manager.update(Order, 2, { status: 'x' });
    expect(heard.splice(0)).toEqual(['Order']);
    await shop.backstory.handle(Order, 1, paid);
    expect(heard).toEqual([]);
    expect(await lines()).toEqual([`2 updated OrderPaid ${asBefore}`]);
  });

  it('a change that PostgreSQL takes for none', async () => {
    await open(trigger('cut', 'before update', `new.total := 10; return new;`));
    await shop.backstory.handle(Order, 1, () => new Repriced(1001));
    expect(await lines()).toEqual([`2 updated Repriced {"$event":{"total":1001}}`]);
  });

  it('an isolation level above', async () => {
    await open();
    await shop.dataSource.transaction('SERIALIZABLE', (manager) =>
      shop.backstory.handle(Order, 1, paid, { manager }),
    );
    expect(await lines()).toEqual([`2 updated OrderPaid ${asBefore}`]);
  });

  it('capture that is off, or whose triggers are disabled: nothing is committed', async () => {
    await open();
    const { dataSource, backstory } = shop;
    await dataSource.query('alter table orders disable trigger all');
    await expect(backstory.handle(Order, 1, paid)).rejects.toMatchObject({ code: 'COMMAND_NOT_RECORDED' });
    await dataSource.query('alter table orders enable trigger all');
    expect(await dataSource.query('select status from orders where id = 1')).toEqual([{ status: 'new' }]);
  });
});
