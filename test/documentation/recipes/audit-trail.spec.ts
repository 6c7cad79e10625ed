import { createBook, createCustomer, createDraft } from '../../../examples/legacy-app/test/made-up.js';
import { createFreshShop, type Shop } from '../../../examples/legacy-app/test/shop.js';
import type { OrderChange } from '../../../examples/legacy-app/src/recipes/audit-trail/order-changes.service.js';
import { ShopWithRecipesModule } from '../../../examples/legacy-app/src/recipes/shop-with-recipes.module.js';

describe('who changed what of an order', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await createFreshShop({ rootModule: ShopWithRecipesModule });
  });
  afterAll(() => shop?.close());

  const changesOf = async (id: number, query = ''): Promise<OrderChange[]> =>
    (await shop.http.get(`/orders/${id}/changes${query}`).expect(200)).body as OrderChange[];

  it('is told with the old and the new values, the newest change first', async () => {
    const order = await createDraft(shop, [2]);
    const [line] = order.lines;
    await shop.http.put(`/orders/${order.id}/note`).set('x-user', 'anna').send({ note: 'ring twice' });
    await shop.http
      .patch(`/orders/${order.id}/lines/${line!.id}`)
      .set('x-user', 'ben')
      .send({ quantity: 3 })
      .expect(200);
    await shop.dataSource.query(`update "order" set note = null, version = version + 1 where id = $1`, [
      order.id,
    ]);

    const changes = await changesOf(order.id);
    expect(changes[0]).toMatchObject({
      what: 'OrderUpdated',
      by: null,
      origin: 'capture',
      values: [{ name: 'Note', from: 'ring twice', to: null }],
    });
    const byBen = changes.filter(({ by }) => by === 'ben').flatMap(({ values }) => values);
    expect(byBen).toEqual(
      expect.arrayContaining([
        { name: 'Total', from: '25.00', to: '37.50' },
        { name: `Quantity (line ${line!.id})`, from: 2, to: 3 },
      ]),
    );
    expect(byBen).toHaveLength(2);
    expect(changes.find(({ by }) => by === 'anna')?.values).toEqual([
      { name: 'Note', from: null, to: 'ring twice' },
    ]);
    const first = changes.filter(({ position }) => position <= 2).flatMap(({ values }) => values);
    expect(first).toEqual(
      expect.arrayContaining([
        { name: 'Status', from: null, to: 'draft' },
        { name: `Quantity (line ${line!.id})`, from: null, to: 2 },
      ]),
    );
    const positions = changes.map(({ position }) => position);
    expect(positions).toEqual(positions.map((_, index) => changes.length - index));
  });

  it('has the values of a line that is taken away, and of an order that is gone', async () => {
    const order = await createDraft(shop, [1, 4]);
    const [, second] = order.lines;
    await shop.http.delete(`/orders/${order.id}/lines/${second!.id}`).set('x-user', 'cleo').expect(200);
    const taken = (await changesOf(order.id)).flatMap(({ values }) => values);
    expect(taken).toContainEqual({ name: `Quantity (line ${second!.id})`, from: 4, to: null });
    expect(taken).toContainEqual({
      name: `Product (line ${second!.id})`,
      from: second!.product.id,
      to: null,
    });
    await shop.http.delete(`/orders/${order.id}`).set('x-user', 'dora').expect(204);
    const gone = (await changesOf(order.id)).find(({ what }) => what === 'OrderDeleted');
    expect(gone).toMatchObject({ by: 'dora' });
    expect(gone?.values).toContainEqual({ name: 'Status', from: 'draft', to: null });
  });

  it('comes in pages, and the first change of a page has its old values, too', async () => {
    const customer = await createCustomer(shop);
    const { id: productId } = await createBook(shop);
    const { body } = await shop.http
      .post('/orders')
      .send({ customerId: customer.id, lines: [{ productId, quantity: 1 }] });
    const { id } = body as { id: number };
    for (let n = 1; n <= 70; n++)
      await shop.http
        .put(`/orders/${id}/note`)
        .send({ note: `note ${n}` })
        .expect(200);
    const newest = await changesOf(id);
    expect(newest).toHaveLength(50);
    expect(newest.at(-1)?.values).toEqual([{ name: 'Note', from: 'note 20', to: 'note 21' }]);
    const older = await changesOf(id, `?before=${newest.at(-1)!.position}`);
    expect(older[0]?.values).toEqual([{ name: 'Note', from: 'note 19', to: 'note 20' }]);
    expect(older.at(-1)?.position).toBe(1);
    for (const none of ['?before=1', '?before=0']) expect(await changesOf(id, none)).toEqual([]);
    await shop.http.get(`/orders/${id}/changes?before=x`).expect(400);
  });

  it('of an order that there never was is empty', async () => {
    expect(await changesOf(999_999)).toEqual([]);
  });
});
