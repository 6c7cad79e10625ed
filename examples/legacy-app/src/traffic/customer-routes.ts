import { randomAddress, randomCustomer, randomDate, randomPreferences } from '../random/random-requests.js';
import { about, type TrafficRoute } from './traffic-route.js';

export const customerRoutes: TrafficRoute[] = [
  {
    method: 'GET',
    route: '/customers',
    weight: 6,
    request: (known, random) => ({
      path: `/customers?pageSize=50&page=${random.integer(1, 5)}${random.chance(0.3) ? '&search=an' : ''}`,
      learn: (answer) =>
        (answer as { items: { id: number }[] }).items.forEach(({ id }) => known.customers.learn(id)),
    }),
  },
  {
    method: 'GET',
    route: '/customers/:id',
    weight: 8,
    request: (known, random) => about(known.customers.pick(random), (id) => ({ path: `/customers/${id}` })),
  },
  {
    method: 'POST',
    route: '/customers',
    weight: 4,
    request: (known, random) => ({
      path: '/customers',
      body: randomCustomer(random),
      learn: (answer) => known.customers.learn((answer as { id: number }).id),
    }),
  },
  {
    method: 'PATCH',
    route: '/customers/:id',
    weight: 6,
    request: (known, random) =>
      about(known.customers.pick(random), (id) => ({
        path: `/customers/${id}`,
        body: {
          birthday: randomDate(random),
          ...(random.chance(0.5) && { shipping: randomAddress(random) }),
        },
      })),
  },
  {
    method: 'PUT',
    route: '/customers/:id/preferences',
    weight: 2,
    request: (known, random) =>
      about(known.customers.pick(random), (id) => ({
        path: `/customers/${id}/preferences`,
        body: randomPreferences(random),
      })),
  },
  {
    method: 'POST',
    route: '/customers/:id/loyalty-points',
    weight: 4,
    request: (known, random) =>
      about(known.customers.pick(random), (id) => ({
        path: `/customers/${id}/loyalty-points`,
        body: { points: random.integer(1, 100) * (random.chance(0.3) ? -1 : 1) },
      })),
  },
  {
    method: 'DELETE',
    route: '/customers/:id',
    weight: 1,
    request: (known, random) =>
      about(known.customers.pick(random), (id) => ({
        path: `/customers/${id}`,
        learn: () => {
          known.customers.forget(id);
          known.deletedCustomers.learn(id);
        },
      })),
  },
  {
    method: 'POST',
    route: '/customers/:id/restore',
    weight: 1,
    request: (known, random) =>
      about(known.deletedCustomers.pick(random), (id) => ({
        path: `/customers/${id}/restore`,
        learn: () => {
          known.deletedCustomers.forget(id);
          known.customers.learn(id);
        },
      })),
  },
  {
    method: 'POST',
    route: '/customer-batches/import',
    weight: 1,
    request: (_known, random) => ({
      path: '/customer-batches/import',
      body: {
        customers: Array.from({ length: random.integer(1, 20) }, () => randomCustomer(random)),
        skipKnown: random.chance(0.5),
      },
    }),
  },
  batch('rename', { suffix: 'Jr.' }),
  batch('archive'),
  batch('reactivate'),
  batch('forget'),
];

function batch(name: string, rest: object = {}): TrafficRoute {
  return {
    method: 'POST',
    route: `/customer-batches/${name}`,
    weight: 0.5,
    request: (known, random) => {
      const from = name === 'reactivate' ? known.deletedCustomers : known.customers;
      const ids = from.sample(random, 3).sort((one, other) => one - other);
      return ids.length === 0
        ? undefined
        : {
            path: `/customer-batches/${name}`,
            body: { ids, ...rest },
            learn: () => {
              if (name === 'archive') ids.forEach((id) => known.deletedCustomers.learn(id));
            },
          };
    },
  };
}
