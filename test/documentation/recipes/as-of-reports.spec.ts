import type { Backstory } from '@backstory/adapter';
import { BACKSTORY } from '@backstory/nest-module';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { databaseOptions } from '../../../examples/legacy-app/src/database-options.js';
import { ShopWithRecipesModule } from '../../../examples/legacy-app/src/recipes/shop-with-recipes.module.js';
import { seedShop } from '../../../examples/legacy-app/src/seed/seed-shop.js';
import { createShop, type Shop } from '../../../examples/legacy-app/test/shop.js';

interface Month {
  month: string;
  orders: number;
  cancelled: number;
  total: string;
}

describe('orders per month, as of a moment', () => {
  let database: TestDatabase;
  let shop: Shop;
  let backstory: Backstory;

  beforeAll(async () => {
    database = await createTestDatabase();
    const past = await new DataSource(databaseOptions(database.url)).initialize();
    await seedShop(past, { scale: 0.1 });
    await past.destroy();
    shop = await createShop(database.url, { rootModule: ShopWithRecipesModule });
    backstory = shop.app.get<Backstory>(BACKSTORY);
  });
  afterAll(async () => {
    await shop?.close();
    await database?.drop();
  });

  const asOf = (moment: Date) =>
    shop.http.get(`/reports/orders-per-month?asOf=${encodeURIComponent(moment.toISOString())}`);

  /** What PostgreSQL counts at this moment. */
  const counted = (): Promise<Month[]> =>
    shop.dataSource.query<Month[]>(`
      select to_char("placedAt" at time zone 'UTC', 'YYYY-MM') as month, count(*)::int as orders,
        count(*) filter (where status = 'cancelled')::int as cancelled,
        coalesce(sum(total) filter (where status <> 'cancelled'), 0)::numeric(20, 2)::text as total
      from "order" where "placedAt" is not null group by 1 order by 1`);

  it('are refused until the backfill is through, and for moments before it', async () => {
    const early = await asOf(new Date()).expect(400);
    expect((early.body as { message: string }).message).toContain('The backfill of orders is not complete');
    const before = new Date();
    await sleep(5);
    await backstory.backfill();
    const tooEarly = await asOf(before).expect(400);
    expect((tooEarly.body as { message: string }).message).toContain('The history of orders begins at 20');
    await asOf(new Date(Date.now() + 60_000)).expect(400);
    await shop.http.get('/reports/orders-per-month?asOf=yesterday').expect(400);
  });

  it('are those that the table had then, whatever has become of them', async () => {
    await sleep(5);
    const then = await counted();
    const moment = new Date();
    expect(then.length).toBeGreaterThan(12);
    await sleep(5);
    await shop.dataSource.query(`update "order" set status = 'cancelled' where id % 3 = 0`);
    await shop.dataSource.query(`delete from "order" where id % 7 = 0`);
    await shop.dataSource.query(`update "order" set total = total + 1 where id % 5 = 0`);
    await sleep(5);
    const now = await counted();
    expect(now).not.toEqual(then);
    expect((await asOf(moment).expect(200)).body).toEqual(then);
    expect((await asOf(new Date()).expect(200)).body).toEqual(now);
  });
});
