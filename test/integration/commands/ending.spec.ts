import { specificationOf } from '@backstory/adapter';
import {
  Cart,
  CartDropped,
  cartLines,
  type Carts,
  Discount,
  evolveCart,
  expectSoundCarts,
  Line,
  LineAdded,
  LineCounted,
  openCarts,
  Tag,
} from './carts.js';
import { Customer, Dropped, expectSound, linesOf, openShop, Order, type Shop } from './shop.js';

describe('a command that ends an aggregate of one row', () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await openShop();
  });

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  const drop = (): Dropped => new Dropped('lost');

  it('deletes it, under the name and with the data of the event, and a later one begins anew', async () => {
    const { backstory, dataSource } = shop;
    await backstory.backfill();
    const order = await backstory.handle(Order, 1, () => [{ type: 'Repriced', data: { total: 5 } }, drop()]);
    expect(order).toBeInstanceOf(Order);
    expect(order).toMatchObject({ id: 1, total: 1000 });
    expect(await linesOf(backstory, 'order', '1')).toEqual([
      '2 none Repriced {"total":5}',
      '3 deleted Dropped {"$event":{"reason":"lost"}}',
    ]);
    expect(await backstory.load(Order, '1')).toBeNull();
    expect(await dataSource.manager.countBy(Order, { id: 1 })).toBe(0);
    await expect(backstory.handle(Order, 1, drop)).rejects.toMatchObject({ code: 'AGGREGATE_NOT_FOUND' });
    const again = await backstory.create(Order, () => ({ type: 'Placed', data: { id: 1, total: 700 } }));
    expect(again).toMatchObject({ id: 1, total: 700, status: 'new' });
    expect((await linesOf(backstory, 'order', '1', 3))[0]).toContain('4 created Placed');
    await backstory.handle(Order, 1, drop);
    expect((await backstory.history('order', '1')).map(({ change }) => change)).toEqual([
      'created',
      'none',
      'deleted',
      'created',
      'deleted',
    ]);
    // of a row that has no stream yet
    await dataSource.query('alter table orders disable trigger all');
    await dataSource.query('insert into orders (id, total, version) values (7, 70, 1)');
    await dataSource.query('alter table orders enable trigger all');
    await backstory.handle(Order, 7, drop);
    expect((await linesOf(backstory, 'order', '7', 0)).map((line) => line.split(' {')[0])).toEqual([
      '1 created OrderCreated',
      '2 deleted Dropped',
    ]);
  });

  it('holds to version, id, transaction and constraints as any other', async () => {
    const { backstory, dataSource } = shop;
    await backstory.backfill();
    let asked = 0;
    await backstory.handle(
      Order,
      1,
      async () => {
        if (asked++ === 0) await dataSource.query('update orders set total = total + 1 where id = 1');
        return drop();
      },
      { commandId: 'drop 1' },
    );
    expect(asked).toBe(2);
    const repeated = await backstory.handle(Order, 1, drop, { commandId: 'drop 1' });
    expect(repeated).toMatchObject({ id: 1, total: 1100 });
    await expect(
      dataSource.transaction(async (manager) => {
        await backstory.handle(Order, 2, drop, { manager });
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await linesOf(backstory, 'order', '2')).toEqual([]);
    await dataSource.query(
      `create table bill (id serial primary key, "orderId" int references orders); insert into bill ("orderId") values (2)`,
    );
    await expect(backstory.handle(Order, 2, drop)).rejects.toMatchObject({ code: '23503' });
    await dataSource.query('drop table bill');
    await dataSource.query(`create function keep() returns trigger language plpgsql as $$ begin return null; end $$;
      create trigger keep before delete on orders for each row execute function keep()`);
    await expect(backstory.handle(Order, 2, drop)).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
    await dataSource.query('drop trigger keep on orders');
    await dataSource.query('alter table orders disable trigger all');
    await expect(backstory.handle(Order, 2, drop)).rejects.toMatchObject({ code: 'COMMAND_NOT_RECORDED' });
    await dataSource.query('alter table orders enable trigger all');
    // what foreign keys do to others is theirs
    await backstory.handle(Customer, 1, drop);
    expect((await linesOf(backstory, 'order', '2')).at(-1)).toContain(
      'updated OrderUpdated {"customer.id":null}',
    );
    const races = await Promise.allSettled(
      Array.from({ length: 8 }, () => backstory.handle(Order, 3, drop, { retries: 50 })),
    );
    expect(races.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is refused with another event behind, and for what is being created', async () => {
    const { backstory } = shop;
    await expect(backstory.handle(Order, 1, () => [drop(), { type: 'ReminderSent' }])).rejects.toThrow(
      /asked for ReminderSent behind Dropped, which ends it/,
    );
    await expect(
      backstory.create(Order, () => [{ type: 'Placed', data: { id: 9 } }, drop()]),
    ).rejects.toThrow(/that create this "order" end it, too/);
  });
});

describe('a command that ends an aggregate with parts', () => {
  let carts: Carts;

  beforeEach(async () => {
    carts = await openCarts();
    await carts.backstory.backfill();
  });

  afterEach(async () => {
    await expectSoundCarts(carts);
    await carts.close();
  });

  const drop = (): CartDropped => new CartDropped('empty');

  it('deletes the parts with it, also what is soft-deleted, in one event', async () => {
    const { backstory, dataSource } = carts;
    await dataSource.query(`update line set "deletedAt" = now() where id = 1`);
    const cart = await backstory.handle(
      Cart,
      1,
      () => [{ type: 'ReminderSent' }, new LineAdded('x'), drop()],
      {
        commandId: 'd',
      },
    );
    expect(cart).toMatchObject({ id: 1, lines: [{ sku: 'ink' }] });
    expect(await cartLines(backstory, 1, 2)).toEqual([
      '3 none ReminderSent {}',
      '4 none LineAdded {"discounts":[],"sku":"x"}',
      '5 deleted CartDropped {"$event":{"reason":"empty"},"lines":{"1":null,"2":null},"lines.discounts":{"1:new":null},"tags":{"1:a":null}}',
    ]);
    expect(await backstory.load(Cart, '1')).toBeNull();
    expect(await dataSource.manager.count(Line, { where: { cart: { id: 1 } }, withDeleted: true })).toBe(0);
    expect(await dataSource.manager.countBy(Tag, { code: 'a' })).toBe(1);
    expect(await backstory.handle(Cart, 1, drop, { commandId: 'd' })).toMatchObject({
      lines: [{ sku: 'ink' }],
    });
    const again = await backstory.create(Cart, () => ({ type: 'Reopened', data: { id: 1 } }));
    expect(again).toMatchObject({ id: 1, lines: [] });
    await backstory.handle(Cart, 1, () => new LineAdded('pen', 2));
    expect(await backstory.load(Cart, '1')).toMatchObject({ lines: [{ sku: 'pen', quantity: 2 }] });
  });

  it('by eight at once happens once, beside others that change it', async () => {
    const { backstory } = carts;
    const ends = await Promise.allSettled(
      Array.from({ length: 8 }, (_, writer) =>
        backstory.handle(Cart, 2, () => (writer % 2 ? drop() : new LineCounted('ink', writer)), {
          retries: 100,
        }),
      ),
    );
    for (const end of ends)
      if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'AGGREGATE_NOT_FOUND' });
    const events = await backstory.history('cart', '2', { after: 1 });
    expect(events.filter(({ change }) => change === 'deleted')).toHaveLength(1);
    expect(events.at(-1)?.change).toBe('deleted');
    expect(events).toHaveLength(ends.filter(({ status }) => status === 'fulfilled').length);
  });

  it('sees what triggers and foreign keys take along', async () => {
    const { backstory, dataSource } = carts;
    await dataSource.query(`
      alter table discount drop constraint "${await constraintOf(carts)}";
      alter table discount add foreign key ("lineId") references line on delete cascade;
      create function recount() returns trigger language plpgsql as $$
      begin update cart set total = total - old.quantity where id = old."cartId"; return null; end $$;
      create trigger recount after delete on line for each row execute function recount()`);
    await backstory.handle(Cart, 1, drop);
    expect((await cartLines(backstory, 1)).map((line) => line.split(' {')[0])).toEqual([
      '2 deleted CartDropped',
    ]);
    expect(await dataSource.manager.countBy(Discount, { lineId: 1 })).toBe(0);
  });

  it('is known to specifications, with a database and without', async () => {
    for (const specification of [
      specificationOf(Cart, { evolve: evolveCart }),
      specificationOf(Cart, { backstory: carts.backstory }),
    ]) {
      const opened = { type: 'CartOpened', data: { status: 'open' } };
      await specification
        .given(opened, new LineAdded('pen', 2, []))
        .when((cart) => (cart.lines.length === 1 ? new LineCounted('pen', 3) : undefined))
        .then(new LineCounted('pen', 3));
      await specification.given(opened).when(drop).then(new CartDropped('empty'));
      const refused = specification.given(opened, drop()).when(drop).then(new CartDropped('empty'));
      await expect(refused).rejects.toMatchObject({ code: 'COMMAND_REFUSED' });
      const behind = specification
        .given(opened)
        .when(() => [drop(), new LineAdded('a')])
        .then();
      await expect(behind).rejects.toThrow(/behind CartDropped, which ends it/);
    }
  });
});

async function constraintOf({ dataSource }: Carts): Promise<string> {
  const [{ name }] = await dataSource.query(
    `select conname as name from pg_constraint where conrelid = 'discount'::regclass and contype = 'f'`,
  );
  return String(name);
}
