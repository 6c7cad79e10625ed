import type { Backstory, Stage } from '@backstory/adapter';
import { BACKSTORY } from '@backstory/nest-module';
import { createTestDatabase } from '@backstory/test/postgres';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { ShopWithBackstoryModule } from '../src/backstory/shop-with-backstory.module.js';
import { databaseOptions } from '../src/database-options.js';
import { seedShop } from '../src/seed/seed-shop.js';
import { startTraffic, type Traffic } from '../src/traffic/start-traffic.js';
import { createShop, type Shop } from './shop.js';

/** There and back, and there again: every edge between stages that an operator may take. */
const way: readonly [Stage, number?][] = [
  ['shadow'],
  ['replay', 10],
  ['replay', 60],
  ['replay'],
  ['events'],
  ['replay'],
  ['capture'],
  ['shadow'],
  ['replay', 5],
  ['shadow'],
  ['replay'],
  ['replay', 30],
  ['replay'],
  ['events'],
  ['capture'],
];

// Stages are set here, so it is one run whatever the stage of the run is.
const once = process.env.SHOP_WITH_BACKSTORY === 'capture' ? describe : describe.skip;

once('two instances of the shop under load', () => {
  it('serve every request while all aggregates go from stage to stage and back, and nothing drifts', async () => {
    const database = await createTestDatabase();
    const past = await new DataSource(databaseOptions(database.url)).initialize();
    await seedShop(past, { scale: 0.02 });
    await past.destroy();
    const shops: Shop[] = [];
    const traffics: Traffic[] = [];
    try {
      for (let instance = 0; instance < 2; instance++) {
        const shop = await createShop(database.url, { rootModule: ShopWithBackstoryModule });
        shops.push(shop);
        await shop.app.listen(0, '127.0.0.1');
        traffics.push(startTraffic(await shop.app.getUrl(), { seed: 11 + instance, concurrency: 3 }));
      }
      const [one, other] = shops.map(({ app }) => app.get<Backstory>(BACKSTORY)) as [Backstory, Backstory];
      const categories = (await one.status()).map(({ category }) => category);
      await one.backfill();
      expect((await one.verify()).clean).toBe(true);
      for (const [step, [stage, percent]] of way.entries()) {
        // now this instance, now the other
        const { stages } = step % 2 ? one : other;
        for (const category of categories)
          await stages.set(category, stage, { force: true, ...(percent && { percent }) });
        await sleep(700); // long enough for both to have taken it up, and to serve in it
      }
      const reports = await Promise.all(traffics.splice(0).map((traffic) => traffic.stop()));
      expect(reports.flatMap(({ failures }) => failures)).toEqual([]);
      for (const { requests } of reports) expect(requests).toBeGreaterThan(100);
      await Promise.all([one.shadowSettled(), other.shadowSettled()]);
      const found = await one.status();
      expect(found.flatMap(({ differences }) => differences)).toEqual([]);
      expect(await one.verify()).toMatchObject({ clean: true });
      for (const category of categories)
        expect(await one.stages.history(category)).toHaveLength(1 + way.length);
    } finally {
      await Promise.all(traffics.map((traffic) => traffic.stop()));
      await Promise.all(shops.map((shop) => shop.close()));
      await database.drop();
    }
  }, 180_000);
});
