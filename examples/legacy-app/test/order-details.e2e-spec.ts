import { Order } from '../src/orders/order.entity.js';
import { countRows, createBook, createDraft, type OrderBody, placeOrder } from './made-up.js';
import { createFreshShop, type Shop } from './shop.js';

describe('the details of an order', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await createFreshShop();
  });

  afterAll(() => shop.close());

  const get = async (id: number): Promise<OrderBody> =>
    (await shop.http.get(`/orders/${id}`).expect(200)).body as OrderBody;

  describe('lines', () => {
    it('are added to a draft', async () => {
      const { id } = await createDraft(shop, [1]);
      const { id: productId } = await createBook(shop, { price: '1.05' });
      await shop.http.post(`/orders/${id}/lines`).send({ productId, quantity: 3 }).expect(201);

      const order = await get(id);
      expect(order).toMatchObject({ total: '15.65', version: 2 });
      expect(order.lines).toMatchObject([
        { quantity: 1 },
        { quantity: 3, unitPrice: '1.05', product: { id: productId } },
      ]);
    });

    it('are removed from a draft, and deleted', async () => {
      const { id, lines } = await createDraft(shop, [1, 2]);
      const before = await countRows(shop, 'order_line');
      await shop.http.delete(`/orders/${id}/lines/${lines[0]!.id}`).expect(200);

      expect(await get(id)).toMatchObject({ total: '25.00', lines: [{ id: lines[1]!.id }] });
      expect(await countRows(shop, 'order_line')).toBe(before - 1);
      await shop.http.delete(`/orders/${id}/lines/${lines[0]!.id}`).expect(404);
    });

    it('change their quantity, and the total follows', async () => {
      const { id, lines } = await createDraft(shop, [1, 2]);
      await shop.http.patch(`/orders/${id}/lines/${lines[0]!.id}`).send({ quantity: 10 }).expect(200);
      expect(await get(id)).toMatchObject({
        total: '150.00',
        version: 2,
        lines: [{ quantity: 10 }, { quantity: 2 }],
      });
      await shop.http.patch(`/orders/${id}/lines/999999`).send({ quantity: 10 }).expect(404);
      await shop.http.patch(`/orders/${id}/lines/${lines[0]!.id}`).send({ quantity: 0 }).expect(400);
    });

    it('keep the price of the day', async () => {
      const { id, lines } = await createDraft(shop, [1]);
      await shop.http.patch(`/products/${lines[0]!.product.id}/price`).send({ price: '80' }).expect(200);
      expect(await get(id)).toMatchObject({ lines: [{ unitPrice: '12.50', product: { price: '80.00' } }] });
    });

    it('stay as they are once the order is placed', async () => {
      const { id, lines } = await placeOrder(shop);
      const line = lines[0]!;
      const change = { productId: line.product.id, quantity: 2 };
      await shop.http.post(`/orders/${id}/lines`).send(change).expect(409);
      await shop.http.patch(`/orders/${id}/lines/${line.id}`).send({ quantity: 2 }).expect(409);
      await shop.http.delete(`/orders/${id}/lines/${line.id}`).expect(409);
      expect(await get(id)).toMatchObject({ lines: [{ id: line.id, quantity: 1 }] });
    });

    it('are only of products that are for sale', async () => {
      const { id } = await createDraft(shop);
      const product = await createBook(shop);
      await shop.http.patch(`/products/${product.id}`).send({ active: false }).expect(200);
      await shop.http.post(`/orders/${id}/lines`).send({ productId: product.id, quantity: 1 }).expect(409);
      await shop.http.post(`/orders/999999/lines`).send({ productId: product.id, quantity: 1 }).expect(404);
      await shop.http.post(`/orders/${id}/lines`).send({ productId: 'x', quantity: 1 }).expect(400);
    });

    it('cascade through one save: insert, update and delete', async () => {
      const { id } = await createDraft(shop, [1, 2]);
      const { id: productId } = await createBook(shop);
      const orders = shop.dataSource.getRepository(Order);
      const order = await orders.findOneOrFail({
        where: { id },
        relations: { lines: true },
        order: { lines: { id: 'ASC' } },
      });
      const [, kept] = order.lines;
      kept!.quantity = 5;
      order.lines = [
        kept!,
        Object.assign(Object.create(null), {
          product: { id: productId },
          quantity: 7,
          unitPrice: order.total,
        }),
      ];
      await orders.save(order);

      expect((await get(id)).lines.map(({ quantity }) => quantity)).toEqual([5, 7]);
    });
  });

  describe('tags', () => {
    const labels = async (id: number): Promise<string[]> => (await get(id)).tags.map(({ label }) => label);

    it('are added, made when they are new, and not added twice', async () => {
      const { id } = await createDraft(shop);
      await shop.http
        .post(`/orders/${id}/tags`)
        .send({ labels: ['gift', 'express'] })
        .expect(200);
      await shop.http
        .post(`/orders/${id}/tags`)
        .send({ labels: ['gift', 'déjà vu'] })
        .expect(200);
      expect(await labels(id)).toEqual(['déjà vu', 'express', 'gift']);
      expect((await get(id)).version).toBe(1);

      const { body } = await shop.http.get('/tags').expect(200);
      expect((body as { label: string }[]).filter(({ label }) => label === 'gift')).toHaveLength(1);
    });

    it('are removed', async () => {
      const { id } = await createDraft(shop);
      await shop.http
        .post(`/orders/${id}/tags`)
        .send({ labels: ['gift', 'déjà vu'] })
        .expect(200);
      await shop.http.delete(`/orders/${id}/tags/${encodeURIComponent('déjà vu')}`).expect(200);
      await shop.http.delete(`/orders/${id}/tags/never-seen`).expect(200);
      expect(await labels(id)).toEqual(['gift']);
      await shop.http.delete('/orders/999999/tags/gift').expect(404);
    });

    it.each(['put', 'patch'] as const)('are replaced by %s', async (method) => {
      const { id } = await createDraft(shop);
      await shop.http
        .post(`/orders/${id}/tags`)
        .send({ labels: ['gift', 'express'] })
        .expect(200);
      await shop.http[method](`/orders/${id}/tags`)
        .send({ labels: ['express', 'press'] })
        .expect(200);
      expect(await labels(id)).toEqual(['express', 'press']);
      await shop.http[method](`/orders/${id}/tags`).send({ labels: [] }).expect(200);
      expect(await labels(id)).toEqual([]);
      await shop.http[method]('/orders/999999/tags').send({ labels: [] }).expect(404);
    });

    it('can be saved when the customer was deleted', async () => {
      const { id, customer } = await createDraft(shop);
      await shop.http.delete(`/customers/${customer!.id}`).expect(204);
      await shop.http
        .patch(`/orders/${id}/tags`)
        .send({ labels: ['gift'] })
        .expect(200);
      await shop.http.post(`/customers/${customer!.id}/restore`).expect(200);
      expect((await get(id)).customer?.id).toBe(customer!.id);
    });

    it('are relabelled wherever they are', async () => {
      const { id } = await createDraft(shop);
      await shop.http
        .post(`/orders/${id}/tags`)
        .send({ labels: ['old name'] })
        .expect(200);
      await shop.http.put('/tags/old%20name').send({ label: 'new name' }).expect(200, { affected: 1 });
      expect(await labels(id)).toEqual(['new name']);
      await shop.http.put('/tags/old%20name').send({ label: 'x' }).expect(200, { affected: 0 });
      await shop.http.put('/tags/new%20name').send({ label: 'gift' }).expect(409);
    });

    it('are refused when they are no labels', async () => {
      const { id } = await createDraft(shop);
      await shop.http
        .post(`/orders/${id}/tags`)
        .send({ labels: [''] })
        .expect(400);
      await shop.http
        .post(`/orders/${id}/tags`)
        .send({ labels: ['a', 'a'] })
        .expect(400);
      await shop.http.post(`/orders/${id}/tags`).send({ labels: 'a' }).expect(400);
    });
  });
});
