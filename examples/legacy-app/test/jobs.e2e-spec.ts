import type { JobRecord } from '../src/jobs/job-record.entity.js';
import type { NightlyReport } from '../src/jobs/maintenance.service.js';
import { createBook, createCustomer, createDraft, placeOrder } from './made-up.js';
import { createFreshShop, type Shop } from './shop.js';

describe('jobs and maintenance', () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await createFreshShop();
  });

  afterEach(() => shop.close());

  const jobs = async (): Promise<JobRecord[]> =>
    (await shop.http.get('/jobs').expect(200)).body as JobRecord[];

  const nightly = async (draftsOlderThanDays: number): Promise<NightlyReport> =>
    (await shop.http.post('/maintenance/nightly').send({ draftsOlderThanDays }).expect(200))
      .body as NightlyReport;

  it('jobs are queued, worked on and cleared', async () => {
    const payload = { job: 'send-mail', to: ['a', null, { b: 1.5 }] };
    await shop.http.post('/jobs').send(payload).expect(201);
    expect(await jobs()).toMatchObject([{ payload, state: 'waiting' }]);

    await shop.http.post('/jobs/work').expect(200, { worked: 1 });
    await shop.http.post('/jobs/work').expect(200, { worked: 0 });
    expect(await jobs()).toMatchObject([{ state: 'done' }]);
    expect(await nightly(365)).toMatchObject({ clearedJobs: 1 });
    expect(await jobs()).toEqual([]);
  });

  it('old drafts are cancelled, and announced, in one statement', async () => {
    const draft = await createDraft(shop);
    const placed = await placeOrder(shop);
    expect(await nightly(1)).toMatchObject({ cancelledDrafts: 0 });
    expect(await nightly(0)).toMatchObject({ cancelledDrafts: 1 });

    const { body } = await shop.http.get(`/orders/${draft.id}`);
    expect(body).toMatchObject({ status: 'cancelled', note: 'Cancelled: draft too old', version: 2 });
    const { body: other } = await shop.http.get(`/orders/${placed.id}`);
    expect(other).toMatchObject({ status: 'placed' });
    expect(await jobs()).toMatchObject([{ payload: { job: 'announce-cancellation', orderId: draft.id } }]);
  });

  it('sold out products are taken off sale, and expired coupons deleted', async () => {
    const [soldOut, left] = [await createBook(shop, { stock: 0 }), await createBook(shop)];
    await shop.http.put('/coupons/OLD').send({ discount: '1', expiresOn: '2020-01-01' }).expect(200);
    await shop.http.put('/coupons/GOOD').send({ discount: '1', expiresOn: '2099-01-01' }).expect(200);
    expect(await nightly(365)).toMatchObject({ soldOutProducts: 1, expiredCoupons: 1 });

    expect((await shop.http.get(`/products/${soldOut.id}`)).body).toMatchObject({ active: false });
    expect((await shop.http.get(`/products/${left.id}`)).body).toMatchObject({ active: true });
    await shop.http.get('/coupons/OLD').expect(404);
    await shop.http.get('/coupons/GOOD').expect(200);
  });

  it('customers who were deleted long ago and never bought anything are purged, with their reviews', async () => {
    const gone = await createCustomer(shop);
    const { customer: buyer } = await placeOrder(shop);
    const book = await createBook(shop);
    await shop.http.put(`/products/${book.id}/reviews/${gone.id}`).send({ rating: 1 }).expect(200);
    await shop.dataSource.query(
      `UPDATE customer SET deleted_at = now() - interval '31 days' WHERE id = ANY($1)`,
      [[gone.id, buyer!.id]],
    );

    expect(await nightly(365)).toMatchObject({ purgedCustomers: 1 });
    await shop.http.get(`/products/${book.id}/reviews`).expect(200, []);
    await shop.http.post(`/customers/${buyer!.id}/restore`).expect(200);
    await shop.http.post(`/customers/${gone.id}/restore`).expect(404);
  });

  it('refuses a number of days that is none', async () => {
    await shop.http.post('/maintenance/nightly').send({ draftsOlderThanDays: -1 }).expect(400);
  });
});
