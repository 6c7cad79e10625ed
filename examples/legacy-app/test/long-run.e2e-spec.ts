import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../src/random/seeded-random.js';
import { attempt, randomWriteContext, randomWrites, writes } from '../src/random-writes/random-writes.js';
import { seedShop } from '../src/seed/seed-shop.js';
import { routes, startTraffic } from '../src/traffic/start-traffic.js';
import { createFreshShop, type Shop } from './shop.js';

const tables = [
  'customer',
  'product',
  'order',
  'order_line',
  'order_tags',
  'tag',
  'coupon',
  'review',
  'stock_movement',
];

async function fingerprint({ dataSource }: Shop): Promise<string> {
  const hashes = [];
  for (const table of tables) {
    const [row] = await dataSource.query<{ hash: string }[]>(
      `SELECT md5(string_agg(md5(r::text), '' ORDER BY md5(r::text))) AS hash FROM "${table}" r`,
    );
    hashes.push(row!.hash);
  }
  return hashes.join(' ');
}

describe('the shop, for years', () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await createFreshShop();
  });

  afterEach(() => shop.close());

  it('has a schema that its migrations and its entities agree on', async () => {
    const { upQueries } = await shop.dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('is seeded with the same past every time, and only once', async () => {
    const counts = await seedShop(shop.dataSource, { scale: 0.05 });
    expect(counts).toMatchObject({ customer: 250, product: 200, order: 600, tag: 15, coupon: 40 });
    const other = await createFreshShop();
    try {
      await seedShop(other.dataSource, { scale: 0.05 });
      expect(await fingerprint(other)).toBe(await fingerprint(shop));
    } finally {
      await other.close();
    }
    await expect(seedShop(shop.dataSource)).rejects.toThrow('not empty');
  });

  it('goes on from the seed with new ids and numbers', async () => {
    await seedShop(shop.dataSource, { scale: 0.01 });
    const { body } = await shop.http.get('/products?pageSize=1').expect(200);
    const [{ id: productId }] = (body as { items: [{ id: string }] }).items;
    const lines = [{ productId, quantity: 1 }];
    const placed = await shop.http.post('/orders').send({ customerId: 1, lines }).expect(201);
    expect(placed.body).toMatchObject({ id: 121, number: 'O-00000121' });
  });

  it('takes every kind of write, and none of them fails but by the rules', async () => {
    await seedShop(shop.dataSource, { scale: 0.01 });
    const context = randomWriteContext(shop.app, seededRandom(7));
    for (const write of writes) await attempt(write, context);
    const tallies = await randomWrites(shop.app, seededRandom(8), 200);
    expect([...tallies.values()].reduce((sum, { done, refused }) => sum + done + refused, 0)).toBe(200);
  });

  it('takes traffic on all its routes', async () => {
    await seedShop(shop.dataSource, { scale: 0.05 });
    await shop.app.listen(0, '127.0.0.1');
    const traffic = startTraffic(await shop.app.getUrl(), { seed: 3, concurrency: 8 });
    while (traffic.report().requests < 200) await sleep(100);
    const report = await traffic.stop();

    expect(report.failures).toEqual([]);
    expect(report.refused).toBeLessThan(report.requests / 2);
    const known = routes.map(({ method, route }) => `${method} ${route}`);
    expect(known).toEqual(expect.arrayContaining(Object.keys(report.byRoute)));
  });

  it('takes traffic no faster than it is told to', async () => {
    await seedShop(shop.dataSource, { scale: 0.01 });
    await shop.app.listen(0, '127.0.0.1');
    const started = performance.now();
    const traffic = startTraffic(await shop.app.getUrl(), { ratePerSecond: 20 });
    while (traffic.report().requests < 20) await sleep(50);
    const { requests } = await traffic.stop();
    const seconds = (performance.now() - started) / 1_000;
    expect(requests).toBeLessThan(20 * seconds + 8);
  });
});
