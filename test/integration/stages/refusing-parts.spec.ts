import {
  Cart,
  CartDropped,
  type Carts,
  expectSoundCarts,
  LineAdded,
  LineCounted,
  LineTaken,
  openCarts,
} from '../commands/carts.js';

const refused = { code: '23001', constraint: 'backstory_residual' };

describe('an aggregate with parts that takes commands only', () => {
  let carts: Carts;

  beforeEach(async () => {
    carts = await openCarts();
    await carts.backstory.backfill();
    await carts.backstory.verify();
    await carts.backstory.stages.set('cart', 'events', { force: true, residual: 'refuse' });
  });

  afterEach(async () => {
    await expectSoundCarts(carts);
    await carts.close();
  });

  it('is changed, with its parts two levels deep, created and ended by commands', async () => {
    const { backstory } = carts;
    const [added] = await backstory
      .handle(Cart, 1, () => [new LineAdded('c', 2, [['x', '1.00']]), new LineCounted('pen', 5)])
      .then(({ lines }) => lines.filter(({ sku }) => sku === 'c'));
    expect(added).toMatchObject({ quantity: 2, discounts: [{ code: 'x' }] });
    await backstory.handle(Cart, 1, () => [new LineTaken('pen'), new LineTaken('c')]);
    const made = await backstory.create(Cart, () => [{ type: 'CartOpened', data: {} }, new LineAdded('d')]);
    expect(made).toMatchObject({ lines: [{ sku: 'd' }] });
    for (const id of [2, made.id]) await backstory.handle(Cart, id, () => new CartDropped('empty'));
    expect(await backstory.load(Cart, '2')).toBeNull();
    const [{ residual } = {}] = (await backstory.status()).filter(({ category }) => category === 'cart');
    expect(residual).toMatchObject({ residual: 0 });
  });

  it.each([
    `update cart set total = 7`,
    `update line set quantity = 7`,
    `insert into line (sku, "cartId", version) values ('z', 1, 1)`,
    `delete from discount`,
    `delete from line`,
    `truncate cart cascade`,
    `/*backstory {"$events":[{"aggregate":"cart","type":"X","scope":"1"}]}*/ update line set quantity = 7`,
  ])('refuses %s', async (write) => {
    await expect(carts.dataSource.query(write)).rejects.toMatchObject(refused);
  });

  it('refuses a command that changes another one by a trigger, whole', async () => {
    const { backstory, dataSource } = carts;
    await dataSource.query(`create function also() returns trigger language plpgsql as $$ begin
        update cart set total = 99 where id = 3; return null; end $$;
      create trigger also after insert on line for each row execute function also()`);
    await expect(backstory.handle(Cart, 1, () => new LineAdded('c'))).rejects.toMatchObject({
      code: 'RESIDUAL_REFUSED',
    });
    expect(await dataSource.query(`select from line where sku = 'c'`)).toEqual([]);
  });

  it('lets a trigger change what the command is on', async () => {
    const { backstory, dataSource } = carts;
    await dataSource.query(`create function counted() returns trigger language plpgsql as $$ begin
        update cart set status = 'counted' where id = new."cartId"; return null; end $$;
      create trigger counted after insert on line for each row execute function counted()`);
    await backstory.handle(Cart, 1, () => new LineAdded('c'));
    expect(await backstory.load(Cart, '1')).toMatchObject({ status: 'counted' });
  });
});
