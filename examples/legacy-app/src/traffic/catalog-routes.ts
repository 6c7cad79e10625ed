import { keywords, randomIsbn, randomPrice } from '../random/random-requests.js';
import type { Random } from '../random/seeded-random.js';
import type { KnownRows } from './known-rows.js';
import { about, type TrafficRequest, type TrafficRoute } from './traffic-route.js';

export const catalogRoutes: TrafficRoute[] = [
  {
    method: 'GET',
    route: '/products',
    weight: 6,
    request: (known, random) => ({
      path: `/products?pageSize=50&page=${random.integer(1, 4)}${random.pick(['', '&kind=book', '&kind=gadget', '&keyword=gift'])}`,
      learn: (answer) =>
        (answer as { items: { id: string }[] }).items.forEach(({ id }) => known.products.learn(id)),
    }),
  },
  {
    method: 'POST',
    route: '/products/books',
    weight: 1,
    request: (known, random) => ({
      path: '/products/books',
      body: { ...newProduct(random), isbn: randomIsbn(random), pages: random.integer(10, 900) },
      learn: learnProduct(known),
    }),
  },
  {
    method: 'POST',
    route: '/products/gadgets',
    weight: 1,
    request: (known, random) => ({
      path: '/products/gadgets',
      body: { ...newProduct(random), specs: { watts: random.integer(1, 3000) / 10 } },
      learn: learnProduct(known),
    }),
  },
  {
    method: 'POST',
    route: '/products/prices',
    weight: 0.5,
    request: (_known, random) => ({
      path: '/products/prices',
      body: { percent: random.integer(-9, 10), keyword: random.pick(['gift', 'sale', 'new']) },
    }),
  },
  {
    method: 'POST',
    route: '/stock-feed',
    weight: 1,
    request: (known, random) => {
      const levels = known.products
        .sample(random, 5)
        .map((productId) => ({ productId, stock: random.integer(100, 900) }));
      return levels.length === 0 ? undefined : { path: '/stock-feed', body: { levels } };
    },
  },
  product('GET', '', 8),
  product('GET', '/movements', 2),
  product('PATCH', '', 3, (random) => ({
    name: `Renamed ${random.word()}`,
    keywords: random.sample(keywords, 2),
    active: true,
  })),
  product('PATCH', '/price', 3, (random) => ({ price: randomPrice(random) })),
  product('POST', '/restock', 5, (random) => ({ quantity: random.integer(10, 300) })),
  product('POST', '/stocktake', 1, (random) => ({ counted: random.integer(50, 600) })),
  product('DELETE', '', 0.5),
];

function product(
  method: TrafficRoute['method'],
  action: string,
  weight: number,
  body?: (random: Random) => object,
): TrafficRoute {
  return {
    method,
    route: `/products/:id${action}`,
    weight,
    request: (known, random) =>
      about(known.products.pick(random), (id): TrafficRequest => ({
        path: `/products/${id}${action}`,
        body: body?.(random),
        learn: () => {
          if (method === 'DELETE') known.products.forget(id);
        },
      })),
  };
}

function newProduct(random: Random): object {
  return {
    sku: `T-${random.word()}`,
    name: 'Made up by the traffic',
    price: randomPrice(random),
    stock: random.integer(100, 500),
    keywords: random.sample(keywords, 2),
  };
}

function learnProduct(known: KnownRows): (answer: unknown) => void {
  return (answer) => known.products.learn((answer as { id: string }).id);
}
