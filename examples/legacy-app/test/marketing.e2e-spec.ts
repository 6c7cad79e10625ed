import { countRows, createBook, createCustomer } from './made-up.js';
import { createFreshShop, type Shop } from './shop.js';

describe('marketing', () => {
  let shop: Shop;

  beforeAll(async () => {
    shop = await createFreshShop();
  });

  afterAll(() => shop.close());

  describe('coupons', () => {
    const coupon = { discount: '12.5', expiresOn: '2099-12-31' };

    it('are put, and put again', async () => {
      await shop.http.put('/coupons/SPRING').send(coupon).expect(200);
      await shop.http.post('/coupons/SPRING/redeem').expect(200);
      await shop.http
        .put('/coupons/SPRING')
        .send({ ...coupon, discount: '20' })
        .expect(200);
      await shop.http.get('/coupons/SPRING').expect(200, {
        code: 'SPRING',
        discount: '20.00',
        used: 1,
        expiresOn: '2099-12-31',
      });
      const { body } = await shop.http.get('/coupons').expect(200);
      expect((body as { code: string }[]).map(({ code }) => code)).toEqual(['SPRING']);
    });

    it('are redeemed until they expire, however many come at once', async () => {
      await shop.http.put('/coupons/RUSH').send(coupon).expect(200);
      await Promise.all(Array.from({ length: 10 }, () => shop.http.post('/coupons/RUSH/redeem').expect(200)));
      const { body } = await shop.http.get('/coupons/RUSH');
      expect(body).toMatchObject({ used: 10 });

      await shop.http
        .put('/coupons/RUSH')
        .send({ ...coupon, expiresOn: '2020-01-01' })
        .expect(200);
      await shop.http.post('/coupons/RUSH/redeem').expect(409);
      await shop.http.post('/coupons/NONE/redeem').expect(404);
    });

    it('are renamed, which is another primary key', async () => {
      await shop.http.put('/coupons/BEFORE').send(coupon).expect(200);
      await shop.http.put('/coupons/TAKEN').send(coupon).expect(200);
      await shop.http.post('/coupons/BEFORE/rename').send({ code: 'TAKEN' }).expect(409);
      await shop.http.post('/coupons/BEFORE/rename').send({ code: 'AFTER' }).expect(200);
      await shop.http.get('/coupons/BEFORE').expect(404);
      await shop.http.get('/coupons/AFTER').expect(200);
      await shop.http.post('/coupons/BEFORE/rename').send({ code: 'X' }).expect(404);
      await shop.http.post('/coupons/AFTER/rename').send({ code: '' }).expect(400);
    });

    it('are deleted', async () => {
      await shop.http.put('/coupons/GONE').send(coupon).expect(200);
      await shop.http.delete('/coupons/GONE').expect(204);
      await shop.http.delete('/coupons/GONE').expect(404);
    });

    it.each([{ discount: '120', expiresOn: '2099-12-31' }, { discount: '5', expiresOn: 'soon' }, {}])(
      'are refused like %j',
      async (body) => {
        await shop.http.put('/coupons/BAD').send(body).expect(400);
      },
    );
  });

  describe('reviews', () => {
    it('are one per product and customer, and can be changed', async () => {
      const [book, customer] = [await createBook(shop), await createCustomer(shop)];
      const path = `/products/${book.id}/reviews`;
      await shop.http.put(`${path}/${customer.id}`).send({ rating: 5, text: `It's "great" ☺` }).expect(200);
      await shop.http.put(`${path}/${customer.id}`).send({ rating: 2 }).expect(200);
      await shop.http
        .get(path)
        .expect(200, [{ productId: book.id, customerId: customer.id, rating: 2, text: '' }]);

      await shop.http.delete(`${path}/${customer.id}`).expect(204);
      await shop.http.delete(`${path}/${customer.id}`).expect(404);
      await shop.http.get(path).expect(200, []);
    });

    it('need a product, a customer and a rating', async () => {
      const [book, customer] = [await createBook(shop), await createCustomer(shop)];
      const unknown = '00000000-0000-4000-8000-000000000000';
      await shop.http.put(`/products/${book.id}/reviews/${customer.id}`).send({ rating: 6 }).expect(400);
      await shop.http.put(`/products/${book.id}/reviews/999999`).send({ rating: 5 }).expect(404);
      await shop.http.put(`/products/${unknown}/reviews/${customer.id}`).send({ rating: 5 }).expect(409);
    });

    it('go with their product', async () => {
      const [book, customer] = [await createBook(shop), await createCustomer(shop)];
      await shop.http.put(`/products/${book.id}/reviews/${customer.id}`).send({ rating: 5 }).expect(200);
      const before = await countRows(shop, 'review');
      await shop.http.delete(`/products/${book.id}`).expect(204);
      expect(await countRows(shop, 'review')).toBe(before - 1);
    });

    it('are all deleted at once', async () => {
      const [book, customer] = [await createBook(shop), await createCustomer(shop)];
      await shop.http.put(`/products/${book.id}/reviews/${customer.id}`).send({ rating: 5 }).expect(200);
      await shop.http.delete('/reviews').expect(204);
      expect(await countRows(shop, 'review')).toBe(0);
    });
  });
});
