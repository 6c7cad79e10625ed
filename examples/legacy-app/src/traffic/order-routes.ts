import { randomAddress, randomNote, tagLabels } from '../random/random-requests.js';
import type { Random } from '../random/seeded-random.js';
import type { KnownOrder, KnownRows } from './known-rows.js';
import { about, type TrafficRequest, type TrafficRoute } from './traffic-route.js';

export const orderRoutes: TrafficRoute[] = [
  {
    method: 'GET',
    route: '/orders',
    weight: 6,
    request: (known, random) => ({
      path: `/orders?pageSize=20&page=${random.integer(1, 10)}${random.pick(['', '&status=draft', '&status=placed', '&status=paid'])}`,
      learn: (answer) =>
        (answer as { items: KnownOrder[] }).items.forEach((order) => known.learnOrder(order)),
    }),
  },
  order('GET', '', 8),
  { method: 'POST', route: '/orders', weight: 10, request: newOrder('/orders') },
  { method: 'POST', route: '/orders/drafts', weight: 5, request: newOrder('/orders/drafts') },
  order('POST', '/place', 3, { status: 'draft' }),
  order('POST', '/pay', 7, { status: 'placed' }),
  order('POST', '/ship', 6, { status: 'paid' }),
  order('POST', '/cancel', 2, { status: 'placed' }),
  order('POST', '/refund', 1, { status: 'paid' }),
  order('POST', '/discard', 0.5, { status: 'draft' }),
  order('PUT', '/note', 3, { body: (random) => ({ note: randomNote(random) }) }),
  order('PUT', '/shipping-address', 2, {
    body: (random, { version }) => ({ address: randomAddress(random), version }),
  }),
  order('DELETE', '', 0.5, { status: 'draft' }),
  { method: 'GET', route: '/tags', weight: 1, request: () => ({ path: '/tags' }) },
  order('POST', '/tags', 2, { body: (random) => ({ labels: random.sample(tagLabels, 2).sort() }) }),
  order('PUT', '/tags', 1, { body: (random) => ({ labels: random.sample(tagLabels, 2).sort() }) }),
  order('PATCH', '/tags', 1, { body: (random) => ({ labels: random.sample(tagLabels, 2).sort() }) }),
  {
    method: 'DELETE',
    route: '/orders/:id/tags/:label',
    weight: 1,
    request: (known, random) =>
      about(known.order(random), ({ id }) => ({
        path: `/orders/${id}/tags/${encodeURIComponent(random.pick(tagLabels)!)}`,
      })),
  },
  {
    method: 'PUT',
    route: '/tags/:label',
    weight: 0.2,
    request: (_known, random) => ({
      path: `/tags/${encodeURIComponent(random.pick(tagLabels)!)}`,
      body: { label: `tag-${random.word()}` },
    }),
  },
  {
    method: 'PUT',
    route: '/orders/:id/customer',
    weight: 1,
    request: (known, random) => {
      const customerId = known.customers.pick(random);
      const draft = known.order(random, 'draft');
      return draft && customerId
        ? withAnswer(known, { path: `/orders/${draft.id}/customer`, body: { customerId } })
        : undefined;
    },
  },
  {
    method: 'POST',
    route: '/orders/:id/lines',
    weight: 4,
    request: (known, random) => {
      const productId = known.products.pick(random);
      const draft = known.order(random, 'draft');
      return draft && productId
        ? withAnswer(known, {
            path: `/orders/${draft.id}/lines`,
            body: { productId, quantity: random.integer(1, 5) },
          })
        : undefined;
    },
  },
  line('PATCH', 3, (random) => ({ quantity: random.integer(1, 9) })),
  line('DELETE', 2),
];

interface OrderRequest {
  status?: string;
  body?: (random: Random, order: KnownOrder) => object;
}

function order(
  method: TrafficRoute['method'],
  action: string,
  weight: number,
  { status, body }: OrderRequest = {},
): TrafficRoute {
  return {
    method,
    route: `/orders/:id${action}`,
    weight,
    request: (known, random) =>
      about(known.order(random, status), (found) => {
        const request = { path: `/orders/${found.id}${action}`, body: body?.(random, found) };
        const gone = method === 'DELETE' || action === '/discard';
        return gone ? { ...request, learn: () => known.forgetOrder(found.id) } : withAnswer(known, request);
      }),
  };
}

function line(method: 'PATCH' | 'DELETE', weight: number, body?: (random: Random) => object): TrafficRoute {
  return {
    method,
    route: '/orders/:id/lines/:lineId',
    weight,
    request: (known, random) => {
      const draft = known.order(random, 'draft');
      return about(random.pick(draft?.lines ?? []), ({ id }) =>
        withAnswer(known, { path: `/orders/${draft!.id}/lines/${id}`, body: body?.(random) }),
      );
    },
  };
}

function newOrder(path: string): TrafficRoute['request'] {
  return (known, random) => {
    const productIds = known.products.sample(random, random.integer(1, 4));
    const customerId = known.customers.pick(random);
    return customerId === undefined || productIds.length === 0
      ? undefined
      : withAnswer(known, {
          path,
          body: {
            customerId,
            lines: productIds.map((productId) => ({ productId, quantity: random.integer(1, 5) })),
            ...(random.chance(0.3) && { couponCode: known.coupons.pick(random) }),
            ...(random.chance(0.3) && { shipping: randomAddress(random) }),
          },
        });
  };
}

function withAnswer(known: KnownRows, request: TrafficRequest): TrafficRequest {
  return { ...request, learn: (answer) => known.learnOrder(answer as KnownOrder) };
}
