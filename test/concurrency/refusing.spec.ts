import { setTimeout as sleep } from 'node:timers/promises';
import { BackstoryError } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import { expectSound, openShop, Order, type Shop } from '../integration/commands/shop.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();

/** Increments of totals, in hundredths, that a writer was told of as committed; and how often it was refused. */
interface Told {
  committed: number;
  refused: number;
}

const isRefused = (error: unknown): boolean =>
  (error as { constraint?: string }).constraint === 'backstory_residual';
const gaveWay = (error: unknown): boolean => ['40001', '40P01'].includes((error as { code: string }).code);

describe(`refusing what no command explains, and not, while others write, seed ${seed}`, () => {
  let shop: Shop;

  beforeEach(async () => {
    shop = await openShop({
      // residual, beside each command
      prepare: `create function along() returns trigger language plpgsql as $$ begin
        new.notes := jsonb_build_object('total', new.total); return new; end $$;
        create trigger along before update on orders for each row execute function along();`,
      more: { poolSize: 20 } as object,
    });
    await shop.backstory.backfill();
    await shop.backstory.stages.set('order', 'events', { force: true });
  });

  afterEach(async () => {
    await expectSound(shop);
    await shop.close();
  });

  const increment = (manager: EntityManager, id: number): Promise<unknown> =>
    manager.query(`update orders set total = total + 0.01 where id = $1`, [id]);

  const command = async (random: Random): Promise<number> => {
    await shop.backstory.handle(Order, random.integer(1, 3), () => ({ type: 'Counted' }), { retries: 50 });
    return 1;
  };

  /** One write without a command, by whichever way; the increments that it has come to. */
  async function write(random: Random): Promise<number> {
    const { dataSource } = shop;
    const one = random.integer(1, 2);
    const way = random.integer(2, 4);
    if (way === 2) {
      await increment(dataSource.manager, one);
      return 1;
    }
    await dataSource.transaction(way === 3 ? 'READ COMMITTED' : 'REPEATABLE READ', async (manager) => {
      await increment(manager, one);
      await sleep(random.integer(0, 10));
      await increment(manager, random.integer(one, 3));
    });
    return 2;
  }

  it('every write is there with its event, or was refused: eight writers', async () => {
    const { backstory, dataSource } = shop;
    const sum = async (): Promise<number> =>
      Number(
        (await dataSource.query<{ sum: string }[]>(`select sum(total) * 100 as sum from orders`))[0]?.sum,
      );
    const before = await sum();
    let isOver = false;
    const writers = Array.from({ length: 8 }, async (_, writer): Promise<Told> => {
      const random = seededRandom(seed + writer);
      const told: Told = { committed: 0, refused: 0 };
      while (!isOver) {
        try {
          told.committed += await (random.chance(0.3) ? command(random) : write(random));
        } catch (error) {
          if (isRefused(error)) told.refused++;
          else if (!gaveWay(error) && !BackstoryError.is(error, 'WRONG_EXPECTED_VERSION')) throw error;
        }
      }
      return told;
    });
    const random = seededRandom(seed + 100);
    for (let turn = 0; turn < 30; turn++) {
      await backstory.stages.set('order', 'events', { residual: turn % 2 === 0 ? 'refuse' : 'allow' });
      await sleep(random.integer(20, 80));
    }
    // back out of the stage, and in again
    await backstory.stages.set('order', 'replay');
    await sleep(50);
    await backstory.stages.set('order', 'events', { residual: 'refuse', force: true });
    await sleep(50);
    const refusing = new Date();
    await sleep(200);
    isOver = true;
    const told = await Promise.all(writers);
    const committed = told.reduce((all, each) => all + each.committed, 0);
    expect((await sum()) - before).toBe(committed);
    const [events] = await dataSource.query<{ increments: string }[]>(
      `select count(*) as increments from backstory.events where category = 'order' and data::jsonb ? 'total' and metadata ->> 'origin' is distinct from 'backfill'`,
    );
    expect(Number(events?.increments)).toBe(committed);
    expect(told.reduce((all, each) => all + each.refused, 0)).toBeGreaterThan(0);
    // what a statement has begun before it was refused is over by now
    const [order] = (await backstory.status({ since: refusing })).filter(
      ({ category }) => category === 'order',
    );
    expect(order?.residual).toMatchObject({ captured: 0, policy: 'refuse' });
    expect(order?.residual?.explained).toBeGreaterThan(0);
  });
});
