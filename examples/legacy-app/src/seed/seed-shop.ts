import type { DataSource, EntityManager } from 'typeorm';
import { seedMovements, seedProducts } from './seed-catalog.js';
import { seedCustomers } from './seed-customers.js';
import { seedCoupons, seedJobs, seedReviews } from './seed-marketing.js';
import { seedLines, seedOrders, seedOrderTags, seedTags } from './seed-orders.js';

const tables = [
  'customer',
  'product',
  'stock_movement',
  'tag',
  'order',
  'order_line',
  'order_tags',
  'coupon',
  'review',
  'job_records',
];

export interface SeedOptions {
  /** 1 makes tens of thousands of rows; 0.01 is enough for most tests. */
  scale?: number;
}

/**
 * Fills an empty shop with the past of a few years, the same every time, in one transaction.
 *
 * @returns the number of rows of each table
 */
export async function seedShop(
  dataSource: DataSource,
  { scale = 1 }: SeedOptions = {},
): Promise<Record<string, number>> {
  const scaled = (count: number): number => Math.max(1, Math.round(count * scale));
  const customers = scaled(5_000);
  const products = Math.max(200, scaled(1_000));
  return dataSource.transaction(async (manager) => {
    await assertEmpty(manager);
    await seedCustomers(manager, customers);
    await seedProducts(manager, products);
    await seedMovements(manager, scaled(5_000), products);
    const tags = await seedTags(manager);
    await seedOrders(manager, scaled(12_000), customers);
    await seedLines(manager, products);
    await seedOrderTags(manager, tags);
    await seedCoupons(manager, 40);
    await seedReviews(manager, scaled(4_000), products, customers);
    await seedJobs(manager, scaled(50));
    await resetSequences(manager);
    return countRows(manager);
  });
}

async function assertEmpty(manager: EntityManager): Promise<void> {
  const counts = await countRows(manager);
  if (Object.values(counts).some((count) => count > 0)) {
    throw new Error('The shop is not empty; it can only be seeded once');
  }
}

async function resetSequences(manager: EntityManager): Promise<void> {
  for (const table of ['customer', 'order', 'order_line', 'tag', 'stock_movement']) {
    await manager.query(
      `SELECT setval(pg_get_serial_sequence('"${table}"', 'id'), (SELECT max(id) FROM "${table}"))`,
    );
  }
  await manager.query(`SELECT setval('order_number', (SELECT max(id) FROM "order"))`);
}

async function countRows(manager: EntityManager): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const table of tables) {
    const [row] = await manager.query<{ count: number }[]>(`SELECT count(*)::int AS count FROM "${table}"`);
    counts[table] = row!.count;
  }
  return counts;
}
