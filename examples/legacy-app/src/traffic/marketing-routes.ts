import { randomNote } from '../random/random-requests.js';
import { about, type TrafficRoute } from './traffic-route.js';

export const marketingRoutes: TrafficRoute[] = [
  {
    method: 'GET',
    route: '/coupons',
    weight: 1,
    request: (known) => ({
      path: '/coupons',
      learn: (answer) =>
        (answer as { code: string }[]).slice(0, 100).forEach(({ code }) => known.coupons.learn(code)),
    }),
  },
  {
    method: 'GET',
    route: '/coupons/:code',
    weight: 1,
    request: (known, random) => about(known.coupons.pick(random), (code) => ({ path: `/coupons/${code}` })),
  },
  {
    method: 'PUT',
    route: '/coupons/:code',
    weight: 2,
    request: (known, random) => {
      const code = (random.chance(0.5) ? known.coupons.pick(random) : undefined) ?? `C-${random.word()}`;
      return {
        path: `/coupons/${code}`,
        body: {
          discount: `${random.integer(1, 30)}.5`,
          expiresOn: random.chance(0.1) ? '2020-01-01' : '2099-12-31',
        },
        learn: () => known.coupons.learn(code),
      };
    },
  },
  {
    method: 'POST',
    route: '/coupons/:code/redeem',
    weight: 3,
    request: (known, random) =>
      about(known.coupons.pick(random), (code) => ({ path: `/coupons/${code}/redeem` })),
  },
  {
    method: 'POST',
    route: '/coupons/:code/rename',
    weight: 0.5,
    request: (known, random) =>
      about(known.coupons.pick(random), (code) => {
        const renamed = `R-${random.word()}`;
        return {
          path: `/coupons/${code}/rename`,
          body: { code: renamed },
          learn: () => {
            known.coupons.forget(code);
            known.coupons.learn(renamed);
          },
        };
      }),
  },
  {
    method: 'DELETE',
    route: '/coupons/:code',
    weight: 0.5,
    request: (known, random) =>
      about(known.coupons.pick(random), (code) => ({
        path: `/coupons/${code}`,
        learn: () => known.coupons.forget(code),
      })),
  },
  {
    method: 'GET',
    route: '/products/:id/reviews',
    weight: 2,
    request: (known, random) =>
      about(known.products.pick(random), (id) => ({ path: `/products/${id}/reviews` })),
  },
  {
    method: 'PUT',
    route: '/products/:id/reviews/:customerId',
    weight: 3,
    request: (known, random) => {
      const productId = known.products.pick(random);
      const customerId = known.customers.pick(random);
      const path = `/products/${productId}/reviews/${customerId}`;
      return productId === undefined || customerId === undefined
        ? undefined
        : {
            path,
            body: { rating: random.integer(1, 5), text: randomNote(random) },
            learn: () => known.reviews.learn(path),
          };
    },
  },
  {
    method: 'DELETE',
    route: '/products/:id/reviews/:customerId',
    weight: 1,
    request: (known, random) =>
      about(known.reviews.pick(random), (path) => ({ path, learn: () => known.reviews.forget(path) })),
  },
  {
    method: 'DELETE',
    route: '/reviews',
    // Empties the table: once in a great while.
    weight: 0.02,
    request: () => ({ path: '/reviews' }),
  },
];
