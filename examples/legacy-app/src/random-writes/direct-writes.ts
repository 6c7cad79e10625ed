import { Product } from '../catalog/product.entity.js';
import { StockMovement } from '../catalog/stock-movement.entity.js';
import { Customer } from '../customers/customer.entity.js';
import { Coupon } from '../marketing/coupon.entity.js';
import { Review } from '../marketing/review.entity.js';
import { OrderLine } from '../orders/order-line.entity.js';
import { Order } from '../orders/order.entity.js';
import { randomCustomer, randomNote } from '../random/random-requests.js';
import type { RandomWrite } from './random-write.js';

/** What the services of the shop never do, and other applications on the same database might. */
export const directWrites: RandomWrite[] = [
  {
    name: 'save without listeners and transaction',
    run: async ({ dataSource, existing, random }) => {
      const customers = dataSource.getRepository(Customer);
      const customer = await customers.findOneByOrFail({ id: await existing.customer() });
      customer.preferences = { silent: random.integer(1, 1_000) };
      await customers.save(customer, { listeners: false, transaction: false });
    },
  },
  {
    name: 'save new customers without reload',
    run: ({ dataSource, random }) =>
      dataSource.manager.save(Customer, randomCustomer(random), { reload: false }),
  },
  {
    name: 'upsert many coupons',
    run: async ({ dataSource, existing, random }) => {
      const coupon = { discount: String(random.integer(1, 50)), expiresOn: '2097-01-01' };
      const codes = new Set([await existing.coupon(), `BULK-${random.word()}`]);
      await dataSource.getRepository(Coupon).upsert(
        [...codes].map((code) => ({ code, ...coupon })),
        ['code'],
      );
    },
  },
  {
    name: 'remove lines one by one',
    run: async ({ dataSource, existing }) => {
      const lines = dataSource.getRepository(OrderLine);
      await lines.remove(await lines.findBy({ order: { id: await existing.order('draft') } }));
    },
  },
  {
    name: 'delete by query builder',
    run: async ({ dataSource, random }) =>
      dataSource
        .createQueryBuilder()
        .delete()
        .from(Review)
        .where('rating = :rating AND length(text) = 0', { rating: random.integer(1, 5) })
        .execute(),
  },
  {
    name: 'soft delete by query builder',
    run: async ({ dataSource, existing }) =>
      dataSource
        .createQueryBuilder()
        .softDelete()
        .from(Customer)
        .where('id = :id', { id: await existing.customer() })
        .execute(),
  },
  {
    name: 'update of no row',
    run: ({ dataSource }) =>
      dataSource.getRepository(Order).update({ number: 'none' }, { note: 'nobody reads this' }),
  },
  {
    name: 'movement with microseconds by raw SQL',
    run: async ({ dataSource, existing }) =>
      dataSource.query<unknown>(
        `INSERT INTO stock_movement (product_id, delta, reason, moved_at)
         SELECT id, 0, 'inspected', timestamptz '2024-02-29 23:59:59.999999+00' FROM product WHERE id = $1`,
        [await existing.product()],
      ),
  },
  {
    name: 'raw bulk UPDATE of many orders',
    run: ({ dataSource, random }) =>
      dataSource.query<unknown>('UPDATE "order" SET note = $1 WHERE id % 7 = $2', [
        randomNote(random),
        random.integer(0, 6),
      ]),
  },
  {
    name: 'insert and delete in one transaction',
    run: ({ dataSource, random }) =>
      dataSource.transaction(async (manager) => {
        const customer = await manager.save(manager.create(Customer, randomCustomer(random)));
        await manager.update(Customer, customer.id, { name: 'Short-lived' });
        await manager.delete(Customer, customer.id);
      }),
  },
  {
    name: 'several writes, an inner one rolled back to its savepoint',
    run: async ({ dataSource, existing, random }) => {
      const productId = await existing.product();
      await dataSource.transaction(async (manager) => {
        await manager.decrement(Product, { id: productId }, 'stock', 0);
        await manager
          .transaction(async (inner) => {
            await inner.insert(StockMovement, {
              product: { id: productId },
              delta: 1,
              reason: 'never happened',
            });
            throw new RangeError('rolled back on purpose');
          })
          .catch((error: unknown) => {
            if (!(error instanceof RangeError)) throw error;
          });
        await manager.update(Product, { id: productId }, { stock: random.integer(100, 300) });
      });
    },
  },
  {
    name: 'insert or update by raw SQL',
    run: async ({ dataSource, existing, random }) =>
      dataSource.query<unknown>(
        `INSERT INTO review (product_id, customer_id, rating, text)
         SELECT p.id, c.id, $3, 'by raw SQL' FROM product p, customer c WHERE p.id = $1 AND c.id = $2
         ON CONFLICT (product_id, customer_id) DO UPDATE SET rating = excluded.rating`,
        [await existing.product(), await existing.customer(), random.integer(1, 5)],
      ),
  },
];
