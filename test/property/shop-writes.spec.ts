import 'reflect-metadata';
import { type Backstory } from '@backstory/adapter';
import { BACKSTORY } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource, type EntityTarget, type ObjectLiteral } from 'typeorm';
import { ShopWithBackstoryModule } from '../../examples/legacy-app/src/backstory/shop-with-backstory.module.js';
import { Product } from '../../examples/legacy-app/src/catalog/product.entity.js';
import { StockMovement } from '../../examples/legacy-app/src/catalog/stock-movement.entity.js';
import { Customer } from '../../examples/legacy-app/src/customers/customer.entity.js';
import { Coupon } from '../../examples/legacy-app/src/marketing/coupon.entity.js';
import { Review } from '../../examples/legacy-app/src/marketing/review.entity.js';
import { OrderLine } from '../../examples/legacy-app/src/orders/order-line.entity.js';
import { Order } from '../../examples/legacy-app/src/orders/order.entity.js';
import { Tag } from '../../examples/legacy-app/src/orders/tag.entity.js';
import { seededRandom } from '../../examples/legacy-app/src/random/seeded-random.js';
import { randomWrites } from '../../examples/legacy-app/src/random-writes/random-writes.js';
import { seedShop } from '../../examples/legacy-app/src/seed/seed-shop.js';
import { seedOfRun } from '../library/random.js';

const seed = seedOfRun();

const tables: [EntityTarget<ObjectLiteral>, object][] = [
  [Customer, { id: 1 }],
  [Product, { id: 1 }],
  [StockMovement, { id: 1 }],
  [Order, { id: 1 }],
  [OrderLine, { id: 1 }],
  [Tag, { id: 1 }],
  [Coupon, { code: 1 }],
  [Review, { productId: 1, customerId: 1 }],
];

describe(`the shop writes in all its styles, seed ${seed}`, () => {
  let database: TestDatabase;
  let shop: INestApplicationContext;
  let backstory: Backstory;

  beforeAll(async () => {
    database = await createTestDatabase();
    process.env['DATABASE_URL'] = database.url;
    shop = await NestFactory.createApplicationContext(ShopWithBackstoryModule, { logger: ['error', 'warn'] });
    backstory = shop.get<Backstory>(BACKSTORY);
  });

  afterAll(async () => {
    await shop?.close();
    await database?.drop();
  });

  const everything = async (): Promise<unknown[]> => {
    const { manager } = shop.get(DataSource);
    const all = [];
    for (const [entity, order] of tables) all.push(await manager.find(entity, { order, withDeleted: true }));
    all.push(
      await manager.find(Order, {
        relations: { customer: true, lines: { product: true }, tags: true },
        order: { id: 1, lines: { id: 1 }, tags: { id: 1 } },
        withDeleted: true,
      }),
    );
    return all;
  };

  it('replays every table as it is, in every stage', async () => {
    await seedShop(shop.get(DataSource), { scale: 0.01 });
    const random = seededRandom(seed);
    await randomWrites(shop, random, 150);
    await backstory.backfill();
    const tallies = await randomWrites(shop, random, 600);
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    // nearly every style has really written something
    expect([...tallies.values()].filter(({ done }) => done > 0).length).toBeGreaterThan(tallies.size * 0.8);

    const plain = await everything();
    const categories = (await backstory.status()).map(({ category }) => category);
    expect(categories).toHaveLength(7);
    for (const category of categories) await backstory.stages.set(category, 'shadow');
    expect(await everything()).toEqual(plain);
    await backstory.shadowSettled();
    for (const { category, shadow } of await backstory.status()) {
      expect([category, shadow?.drifted ?? 0]).toEqual([category, 0]);
      await backstory.stages.set(category, 'replay', { force: true });
    }
    expect(await everything()).toEqual(plain);

    await randomWrites(shop, random, 300);
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    const replayed = await everything();
    for (const category of categories) await backstory.stages.set(category, 'capture');
    expect(await everything()).toEqual(replayed);
  });

  it('with eight writers at once: every table is equal to its replay', async () => {
    await Promise.all(
      Array.from({ length: 8 }, (_, writer) =>
        randomWrites(shop, seededRandom(seed + 1 + writer, `w${writer}-`), 60),
      ),
    );
    expect((await backstory.verify()).aggregates.flatMap(({ drift }) => drift)).toEqual([]);
  });
});
