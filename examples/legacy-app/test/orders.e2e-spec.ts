import { Money } from '../src/catalog/money.js';
import { Order } from '../src/orders/order.entity.js';
import {
  countRows,
  createBook,
  createCustomer,
  createDraft,
  type OrderBody,
  type PageBody,
  placeOrder,
  type ProductBody,
} from './made-up.js';
import { createFreshShop, type Shop } from './shop.js';

const nowhere = 999_999;
const quay = { street: '3 Quay', city: 'Porto', postalCode: '4000', country: 'PT' };

describe('orders', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await createFreshShop();
  });

  afterAll(() => shop.close());

  const get = async (id: number): Promise<OrderBody> =>
    (await shop.http.get(`/orders/${id}`).expect(200)).body as OrderBody;

  const stockOf = async (productId: string): Promise<number> =>
    ((await shop.http.get(`/products/${productId}`).expect(200)).body as ProductBody).stock;

  const act = (id: number, action: string) => shop.http.post(`/orders/${id}/${action}`);

  it('are placed with lines, a total and less stock', async () => {
    const customer = await createCustomer(shop, { shipping: quay });
    const [cheap, dear] = [
      await createBook(shop, { price: '0.10' }),
      await createBook(shop, { price: '99.95' }),
    ];
    const { body } = await shop.http
      .post('/orders')
      .send({
        customerId: customer.id,
        lines: [
          { productId: cheap.id, quantity: 3 },
          { productId: dear.id, quantity: 2 },
        ],
      })
      .expect(201);

    const order = body as OrderBody;
    expect(order).toMatchObject({
      status: 'placed',
      total: '200.20',
      shipping: quay,
      note: null,
      shippedAt: null,
    });
    expect(order.number).toMatch(/^O-\d{8}$/);
    expect(order.customer?.id).toBe(customer.id);
    expect(order.lines.map(({ quantity, unitPrice }) => [quantity, unitPrice]).sort()).toEqual([
      [2, '99.95'],
      [3, '0.10'],
    ]);
    expect(Date.parse(order.placedAt!)).toBeGreaterThan(Date.now() - 60_000);
    expect(await stockOf(cheap.id)).toBe(7);
    const { body: movements } = await shop.http.get(`/products/${cheap.id}/movements`);
    expect(movements).toMatchObject([{ delta: -3, reason: `order ${order.number}` }]);
  });

  it('leave nothing behind when one product is sold out', async () => {
    const customer = await createCustomer(shop);
    const [plenty, rare] = [await createBook(shop), await createBook(shop, { stock: 1 })];
    const before = [await countRows(shop, 'order'), await countRows(shop, 'order_line')];
    const lines = [
      { productId: plenty.id, quantity: 1 },
      { productId: rare.id, quantity: 2 },
    ];
    await shop.http.post('/orders').send({ customerId: customer.id, lines }).expect(409);

    expect(await stockOf(plenty.id)).toBe(10);
    expect([await countRows(shop, 'order'), await countRows(shop, 'order_line')]).toEqual(before);
    await shop.http.get(`/products/${plenty.id}/movements`).expect(200, []);
  });

  it('cost less with a coupon', async () => {
    await shop.http.put('/coupons/TEN').send({ discount: '10', expiresOn: '2099-12-31' }).expect(200);
    const order = await placeOrder(shop, [2], { couponCode: 'TEN' });
    expect(order.total).toBe('22.50');
    const { body } = await shop.http.get('/coupons/TEN');
    expect(body).toMatchObject({ used: 1 });
  });

  it.each([
    ['unknown', undefined],
    ['expired', { discount: '10', expiresOn: '2020-01-01' }],
  ])('are placed at full price with an %s coupon', async (code, coupon) => {
    if (coupon) await shop.http.put(`/coupons/${code}`).send(coupon).expect(200);
    expect(await placeOrder(shop, [1], { couponCode: code })).toMatchObject({
      status: 'placed',
      total: '12.50',
    });
  });

  it('do not count a use of a coupon that is used up: only the savepoint is rolled back', async () => {
    await shop.http.put('/coupons/FULL').send({ discount: '10', expiresOn: '2099-12-31' }).expect(200);
    await shop.dataSource.query(`UPDATE coupon SET used_count = 10000 WHERE code = 'FULL'`);
    expect(await placeOrder(shop, [1], { couponCode: 'FULL' })).toMatchObject({
      status: 'placed',
      total: '12.50',
    });
    const { body } = await shop.http.get('/coupons/FULL');
    expect(body).toMatchObject({ used: 10_000 });
  });

  it.each([
    ['no lines', { customerId: 1, lines: [] }],
    [
      'half a piece',
      { customerId: 1, lines: [{ productId: '00000000-0000-4000-8000-000000000000', quantity: 0.5 }] },
    ],
    ['no customer', { lines: [{ productId: '00000000-0000-4000-8000-000000000000', quantity: 1 }] }],
    ['a product that is no id', { customerId: 1, lines: [{ productId: 'x', quantity: 1 }] }],
  ])('are refused with %s', async (_reason, body) => {
    await shop.http.post('/orders').send(body).expect(400);
    await shop.http.post('/orders/drafts').send(body).expect(400);
  });

  it('need a customer who is there', async () => {
    const { id } = await createBook(shop);
    const request = { customerId: nowhere, lines: [{ productId: id, quantity: 1 }] };
    await shop.http.post('/orders').send(request).expect(404);
    await shop.http.post('/orders/drafts').send(request).expect(404);
    expect(await stockOf(id)).toBe(10);
  });

  it('start as drafts, which take nothing from stock until they are placed', async () => {
    const draft = await createDraft(shop, [4]);
    const productId = draft.lines[0]!.product.id;
    expect(draft).toMatchObject({ status: 'draft', total: '50.00', placedAt: null, version: 1 });
    expect(await stockOf(productId)).toBe(10);

    await act(draft.id, 'place').expect(200);
    expect(await get(draft.id)).toMatchObject({ status: 'placed', version: 2 });
    expect(await stockOf(productId)).toBe(6);
    await act(draft.id, 'place').expect(409);
  });

  it('are paid, which earns loyalty points, and shipped', async () => {
    const { id, customer } = await placeOrder(shop, [1]);
    await act(id, 'ship').expect(409);
    await act(id, 'pay').expect(200);
    await act(id, 'pay').expect(409);
    expect(await get(id)).toMatchObject({
      status: 'paid',
      customer: { id: customer!.id, loyaltyPoints: '12' },
    });

    await act(id, 'ship').expect(200);
    const shipped = await get(id);
    expect(shipped).toMatchObject({ status: 'shipped', version: 3 });
    expect(Date.parse(shipped.shippedAt!)).toBeGreaterThan(Date.now() - 60_000);
  });

  it('give the stock back when cancelled', async () => {
    const { id, lines } = await placeOrder(shop, [3, 4]);
    const productId = lines[0]!.product.id;
    const taken = lines[0]!.quantity;
    expect(await stockOf(productId)).toBe(10 - taken);

    await act(id, 'cancel').expect(200);
    expect(await get(id)).toMatchObject({ status: 'cancelled' });
    expect(await stockOf(productId)).toBe(10);
    const { body } = await shop.http.get(`/products/${productId}/movements`);
    expect(body).toMatchObject([{ delta: taken, reason: 'order cancelled' }, { delta: -taken }]);
  });

  it('give the stock and the points back when refunded', async () => {
    const { id, customer, lines } = await placeOrder(shop, [3]);
    const productId = lines[0]!.product.id;
    await act(id, 'refund').expect(409);
    await act(id, 'pay').expect(200);
    await act(id, 'refund').expect(200);
    expect(await get(id)).toMatchObject({
      status: 'cancelled',
      customer: { id: customer!.id, loyaltyPoints: '0' },
    });
    expect(await stockOf(productId)).toBe(10);
    const { body } = await shop.http.get(`/products/${productId}/movements`);
    expect(body).toMatchObject([{ delta: 3, reason: 'order refunded' }, { delta: -3 }]);
    await act(id, 'refund').expect(409);
    await act(nowhere, 'refund').expect(409);
    expect(await stockOf(productId)).toBe(10);
  });

  it('give nothing back when it is too late to cancel', async () => {
    const { id, lines } = await placeOrder(shop, [3]);
    await act(id, 'pay').expect(200);
    await act(id, 'cancel').expect(409);
    expect(await stockOf(lines[0]!.product.id)).toBe(7);
    await act(nowhere, 'cancel').expect(409);
  });

  it('take a note', async () => {
    const { id } = await createDraft(shop);
    const note = `It's "urgent"\n\\o/ */ -- 🐕`;
    await shop.http.put(`/orders/${id}/note`).send({ note }).expect(200);
    expect(await get(id)).toMatchObject({ note, version: 2 });
    await shop.http.put(`/orders/${id}/note`).send({}).expect(400);
    await shop.http.put(`/orders/${nowhere}/note`).send({ note }).expect(404);
  });

  it('take a corrected address from somebody who has seen the newest version', async () => {
    const { id, version } = await createDraft(shop, [1], { shipping: quay });
    const address = { street: '4 Quay', city: 'Porto', country: 'PT' };
    await shop.http.put(`/orders/${id}/shipping-address`).send({ address, version }).expect(200);
    expect((await get(id)).shipping).toEqual({ ...address, postalCode: null });
    await shop.http.put(`/orders/${id}/shipping-address`).send({ address: quay, version }).expect(409);
    await shop.http.put(`/orders/${nowhere}/shipping-address`).send({ address: quay, version }).expect(404);
    await shop.http.put(`/orders/${id}/shipping-address`).send({ address: {}, version }).expect(400);
  });

  it('go over to another customer', async () => {
    const { id } = await createDraft(shop);
    const other = await createCustomer(shop);
    await shop.http.put(`/orders/${id}/customer`).send({ customerId: other.id }).expect(200);
    expect((await get(id)).customer?.id).toBe(other.id);
    await shop.http.put(`/orders/${id}/customer`).send({ customerId: nowhere }).expect(404);
  });

  it('are listed with everything, by page, status and customer', async () => {
    const draft = await createDraft(shop, [1, 2, 3]);
    const customerId = draft.customer!.id;
    const again = await shop.http
      .post('/orders')
      .send({ customerId, lines: [{ productId: draft.lines[0]!.product.id, quantity: 1 }] })
      .expect(201);

    const list = async (query: string): Promise<PageBody<OrderBody>> =>
      (await shop.http.get(`/orders?customerId=${customerId}${query}`).expect(200))
        .body as PageBody<OrderBody>;
    expect((await list('')).items.map(({ id }) => id)).toEqual([(again.body as OrderBody).id, draft.id]);
    expect(await list('&page=2&pageSize=1')).toMatchObject({ total: 2, items: [{ id: draft.id }] });
    const [onlyDraft] = (await list('&status=draft')).items;
    expect(onlyDraft!.lines.map(({ quantity }) => quantity)).toEqual([1, 2, 3]);
    expect(onlyDraft!.lines[0]!.product).toMatchObject({ isbn: '9780131103627' });
    await shop.http.get('/orders?status=lost').expect(400);
  });

  it('outlive the deletion of their customer', async () => {
    const { id, customer } = await placeOrder(shop);
    await shop.http.delete(`/customers/${customer!.id}`).expect(204);
    expect(await get(id)).toMatchObject({ customer: null, status: 'placed' });
    await act(id, 'pay').expect(200);
  });

  it('are deleted with their lines and tags, by foreign key', async () => {
    const { id } = await placeOrder(shop, [1, 2]);
    await shop.http
      .post(`/orders/${id}/tags`)
      .send({ labels: ['gift'] })
      .expect(200);
    const before = [await countRows(shop, 'order_line'), await countRows(shop, 'order_tags')];
    await shop.http.delete(`/orders/${id}`).expect(204);

    await shop.http.get(`/orders/${id}`).expect(404);
    expect([await countRows(shop, 'order_line'), await countRows(shop, 'order_tags')]).toEqual([
      before[0]! - 2,
      before[1]! - 1,
    ]);
    await shop.http.delete(`/orders/${id}`).expect(404);
  });

  it('are discarded row by row as long as they are drafts', async () => {
    const { id } = await createDraft(shop, [1, 2]);
    const before = await countRows(shop, 'order_line');
    await act(id, 'discard').expect(204);
    await shop.http.get(`/orders/${id}`).expect(404);
    expect(await countRows(shop, 'order_line')).toBe(before - 2);
    await act((await placeOrder(shop)).id, 'discard').expect(409);
  });

  it('load as entities with money, addresses and dates', async () => {
    const { id } = await placeOrder(shop, [2], { shipping: quay });
    const order = await shop.dataSource
      .getRepository(Order)
      .findOneOrFail({ where: { id }, relations: { lines: true } });
    expect(order.total).toEqual(Money.parse('25.00'));
    expect(order.lines[0]!.unitPrice).toBeInstanceOf(Money);
    expect(order.shipping.postalCode).toBe('4000');
    expect(order.placedAt).toBeInstanceOf(Date);
  });

  it('do not find what is not there', async () => {
    await shop.http.get(`/orders/${nowhere}`).expect(404);
    for (const action of ['place', 'pay', 'ship', 'discard']) await act(nowhere, action).expect(404);
  });
});
