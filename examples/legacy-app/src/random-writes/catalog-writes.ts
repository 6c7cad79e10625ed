import { keywords, randomIsbn, randomPrice } from '../random/random-requests.js';
import type { RandomWrite } from './random-write.js';

export const catalogWrites: RandomWrite[] = [
  {
    name: 'save a new book',
    run: ({ products, random }) =>
      products.createBook({
        sku: `B-${random.word()}`,
        name: 'A new book',
        price: randomPrice(random),
        stock: random.integer(0, 500),
        keywords: random.sample(keywords, 2),
        isbn: randomIsbn(random),
        ...(random.chance(0.5) && { pages: random.integer(10, 900) }),
      }),
  },
  {
    name: 'insert a new gadget',
    run: ({ products, random }) =>
      products.createGadget({
        sku: `G-${random.word()}`,
        name: 'A new gadget',
        price: randomPrice(random),
        stock: random.integer(0, 500),
        ...(random.chance(0.5) && { specs: { watts: random.next() * 100, ports: ['a', null] } }),
      }),
  },
  {
    name: 'save a changed product',
    run: async ({ products, existing, random }) =>
      products.update(await existing.product(), {
        name: `Product-${random.word()}`,
        keywords: random.sample(keywords, random.integer(0, 3)),
        active: random.chance(0.9),
      }),
  },
  {
    name: 'update one price',
    run: async ({ pricing, existing, random }) =>
      pricing.setPrice(await existing.product(), randomPrice(random)),
  },
  {
    name: 'update many prices by query builder',
    run: ({ pricing, random }) => pricing.changePrices(random.integer(-9, 10), random.pick(keywords)),
  },
  {
    name: 'restock in a transaction',
    run: async ({ stock, existing, random }) =>
      stock.restock(await existing.product(), random.integer(1, 300)),
  },
  {
    name: 'stocktake by query runner',
    run: async ({ stock, existing, random }) =>
      stock.stocktake(await existing.product(), random.integer(0, 400)),
  },
  {
    name: 'stocktake rolled back',
    run: async ({ stock, existing }) => stock.stocktake(await existing.product(), -1),
  },
  {
    name: 'stock feed on the bare driver',
    run: async ({ stockFeed, existing, random }) =>
      stockFeed.apply(
        (await existing.products(4)).map((productId) => ({ productId, stock: random.integer(50, 500) })),
      ),
  },
  {
    name: 'remove a product',
    run: async ({ products, existing }) => products.remove(await existing.product()),
  },
  {
    name: 'remove a product that was never sold',
    run: async ({ products, stock, random }) => {
      const { id } = await products.createBook({
        sku: `B-${random.word()}`,
        name: 'Misprint',
        price: '1.00',
        isbn: randomIsbn(random),
      });
      await stock.restock(id, 1);
      await products.remove(id);
    },
  },
];
