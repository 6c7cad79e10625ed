import { randomNote } from '../random/random-requests.js';
import type { RandomWrite } from './random-write.js';

export const marketingWrites: RandomWrite[] = [
  {
    name: 'upsert a new coupon',
    run: ({ coupons, random }) =>
      coupons.put(`SAVE-${random.word()}`, {
        discount: String(random.integer(1, 30)),
        expiresOn: random.pick(['2020-01-01', '2099-12-31'])!,
      }),
  },
  {
    name: 'upsert a known coupon',
    run: async ({ coupons, existing, random }) =>
      coupons.put(await existing.coupon(), {
        discount: `${random.integer(1, 30)}.5`,
        expiresOn: '2098-06-30',
      }),
  },
  {
    name: 'redeem by UPDATE RETURNING',
    run: async ({ coupons, existing }) => coupons.redeem(await existing.coupon()),
  },
  {
    name: 'update a primary key',
    run: async ({ coupons, existing, random }) =>
      coupons.rename(await existing.coupon(), `NEW-${random.word()}`),
  },
  { name: 'delete a coupon', run: async ({ coupons, existing }) => coupons.delete(await existing.coupon()) },
  {
    name: 'save a new review',
    run: async ({ reviews, existing, random }) =>
      reviews.put(await existing.product(), await existing.customer(), {
        rating: random.integer(1, 5),
        text: randomNote(random),
      }),
  },
  {
    name: 'save a changed review',
    run: async ({ reviews, existing, random }) => {
      const { productId, customerId } = await existing.review();
      return reviews.put(productId, customerId, { rating: random.integer(1, 5), text: randomNote(random) });
    },
  },
  {
    name: 'delete a review',
    run: async ({ reviews, existing }) => {
      const { productId, customerId } = await existing.review();
      return reviews.delete(productId, customerId);
    },
  },
  {
    name: 'truncate the reviews',
    // Rarely, or there would never be a review to change.
    run: async ({ reviews, random }) => (random.chance(0.2) ? reviews.deleteAll() : undefined),
  },
  {
    name: 'insert a job',
    run: ({ jobs, random }) => jobs.enqueue({ job: 'send-mail', number: random.integer(1, 9) }),
  },
  { name: 'work on a job', run: ({ jobs }) => jobs.work() },
  {
    name: 'nightly maintenance',
    run: ({ maintenance, random }) => maintenance.nightly(random.chance(0.1) ? 0 : 10_000),
  },
];
