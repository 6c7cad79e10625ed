import { randomAddress, randomCustomer, randomDate, randomPreferences } from '../random/random-requests.js';
import type { RandomWrite } from './random-write.js';

export const customerWrites: RandomWrite[] = [
  { name: 'save a new customer', run: ({ customers, random }) => customers.create(randomCustomer(random)) },
  {
    name: 'save a changed customer',
    run: async ({ customers, existing, random }) =>
      customers.update(await existing.customer(), {
        name: `Renamed-${random.word()}`,
        birthday: randomDate(random),
      }),
  },
  {
    name: 'save a customer with a new address and a version',
    run: async ({ customers, existing, random }) => {
      const { id, version } = await customers.get(await existing.customer());
      return customers.update(id, {
        shipping: randomAddress(random),
        version: random.chance(0.8) ? version : version + 1,
      });
    },
  },
  {
    name: 'save a customer unchanged',
    run: async ({ customers, existing }) => customers.update(await existing.customer(), {}),
  },
  {
    name: 'save an array of new customers',
    run: ({ customerBatches, random }) =>
      customerBatches.import(Array.from({ length: random.integer(1, 8) }, () => randomCustomer(random))),
  },
  {
    name: 'insert customers, ignoring the known',
    run: async ({ customerBatches, customers, existing, random }) => {
      const known = await existing.customer();
      const { email } = await customers.get(known);
      return customerBatches.importUnknown([{ ...randomCustomer(random), email }, randomCustomer(random)]);
    },
  },
  {
    name: 'save an array of partial customers',
    run: async ({ customerBatches, existing }) =>
      customerBatches.addToNames(await existing.customers(3), 'Jr.'),
  },
  {
    name: 'merge preferences by raw SQL',
    run: async ({ customers, existing, random }) =>
      customers.mergePreferences(await existing.customer(), randomPreferences(random)),
  },
  {
    name: 'increment loyalty points',
    run: async ({ customers, existing, random }) =>
      customers.addLoyaltyPoints(await existing.customer(), random.integer(1, 500)),
  },
  {
    name: 'decrement loyalty points',
    run: async ({ customers, existing, random }) =>
      customers.addLoyaltyPoints(await existing.customer(), -random.integer(1, 500)),
  },
  {
    name: 'softDelete a customer',
    run: async ({ customers, existing }) => customers.softDelete(await existing.customer()),
  },
  {
    name: 'softDelete a deleted customer again',
    run: async ({ customers, existing }) => customers.softDelete(await existing.deletedCustomer()),
  },
  {
    name: 'restore a customer',
    run: async ({ customers, existing }) => customers.restore(await existing.deletedCustomer()),
  },
  {
    name: 'softRemove customers',
    run: async ({ customerBatches, existing }) => customerBatches.archive(await existing.customers(2)),
  },
  {
    name: 'recover customers',
    run: async ({ customerBatches, existing }) =>
      customerBatches.reactivate([await existing.deletedCustomer()]),
  },
  {
    name: 'forget customers by query builder',
    run: async ({ customerBatches, existing, random }) =>
      customerBatches.forget(await existing.customers(random.integer(1, 2))),
  },
];
