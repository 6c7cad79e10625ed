import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { type Carts, expectSoundCarts, openCarts } from '../integration/commands/carts.js';
import {
  cartTriggers,
  commandCartsRandomly,
  countedInCart,
  expectEachOnceInCarts,
} from '../integration/commands/command-carts-randomly.js';
import { commandRandomly, Counted, expectEachOnce } from '../integration/commands/command-randomly.js';
import { expectSound, openShop, Order, type Shop } from '../integration/commands/shop.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();

/** Triggers of an application that change the row along, and again. */
const triggers = `
  create function along() returns trigger language plpgsql as $$
  begin
    if (new.total * 100)::int % 7 = 0 then new.notes := new.notes || jsonb_build_object('along', new.total); end if;
    return new;
  end $$;
  create trigger along before update on orders for each row execute function along();
  create function again() returns trigger language plpgsql as $$
  begin
    if pg_trigger_depth() < 2 and (new.total * 100)::int % 5 = 0 then update orders set status = status || '!' where id = new.id; end if;
    return null;
  end $$;
  create trigger again after update on orders for each row execute function again();`;

describe(`commands beside writes through every path, seed ${seed}`, () => {
  let shop: Shop;
  let start: Map<number, number>;

  beforeEach(async () => {
    shop = await openShop({ prepare: triggers, more: { poolSize: 20 } as object });
    const orders = await shop.dataSource.manager.find(Order);
    start = new Map(orders.map(({ id, total }) => [id, total]));
  });

  afterEach(() => shop.close());

  it('have each effect once, explain each row, and leave no hole: one writer', async () => {
    const random = seededRandom(seed);
    const counted = new Counted();
    for (let turn = 0; turn < 150; turn++) await commandRandomly(shop, random, counted);
    await expectEachOnce(shop, counted, start);
    expect(counted.committed.size).toBeGreaterThan(50);
    await expectSound(shop);
  });

  it('and eight at once', async () => {
    const writers = Array.from({ length: 8 }, (_, writer) => new Counted(1 + writer * 1_000_000));
    await Promise.all(
      writers.map(async (counted, writer) => {
        const random = seededRandom(seed + writer);
        for (let turn = 0; turn < 25; turn++) await commandRandomly(shop, random, counted);
      }),
    );
    await expectEachOnce(shop, together(writers), start);
    await expectSound(shop);
  });

  it('and eight at once whose connections are cut off, and who deliver again until they hear of it', async () => {
    const writers = Array.from({ length: 8 }, (_, writer) => new Counted(1 + writer * 1_000_000));
    const cutting = new CutOff(shop.dataSource, seed);
    await Promise.all(
      writers.map(async (counted, writer) => {
        const random = seededRandom(seed + writer);
        for (let turn = 0; turn < 20; turn++)
          await commandRandomly(shop, random, counted, untilHeard).catch((error: unknown) => {
            if (!isCut(error)) throw error;
          });
      }),
    );
    expect(await cutting.end()).toBeGreaterThan(0);
    await expectEachOnce(shop, together(writers), start);
    await expectSound(shop);
  });
});

describe(`commands on aggregates with parts, and that end them, seed ${seed}`, () => {
  let carts: Carts;

  beforeEach(async () => {
    carts = await openCarts({
      prepare: cartTriggers,
      // the triggers go from a line to its cart, and commands the other way round
      more: { poolSize: 20, extra: { options: '-c deadlock_timeout=100ms' } } as object,
      evolve: { CountedInCart: countedInCart },
    });
  });

  afterEach(() => carts.close());

  it('have each effect once, explain each row, and leave no hole: one writer', async () => {
    const random = seededRandom(seed);
    const counted = new Counted();
    for (let turn = 0; turn < 120; turn++) await commandCartsRandomly(carts, random, counted);
    await expectEachOnceInCarts(carts, counted);
    expect(counted.committed.size).toBeGreaterThan(40);
    await expectSoundCarts(carts);
  });

  it('and eight at once', async () => {
    const writers = Array.from({ length: 8 }, (_, writer) => new Counted(1 + writer * 1_000_000));
    await Promise.all(
      writers.map(async (counted, writer) => {
        const random = seededRandom(seed + writer);
        for (let turn = 0; turn < 20; turn++) await commandCartsRandomly(carts, random, counted);
      }),
    );
    await expectEachOnceInCarts(carts, together(writers));
    await expectSoundCarts(carts);
  });

  it('and eight at once whose connections are cut off, and who deliver again until they hear of it', async () => {
    const writers = Array.from({ length: 8 }, (_, writer) => new Counted(1 + writer * 1_000_000));
    const cutting = new CutOff(carts.dataSource, seed);
    await Promise.all(
      writers.map(async (counted, writer) => {
        const random = seededRandom(seed + writer);
        for (let turn = 0; turn < 12; turn++)
          await commandCartsRandomly(carts, random, counted, untilHeard).catch((error: unknown) => {
            if (!isCut(error)) throw error;
          });
      }),
    );
    expect(await cutting.end()).toBeGreaterThan(0);
    await expectEachOnceInCarts(carts, together(writers));
    await expectSoundCarts(carts);
  });
});

/** Ends connections that have a transaction open, by chance. So many in all, however slow the machine is: nobody gets through where each attempt is cut. */
class CutOff {
  private isOver = false;
  private readonly done: Promise<number>;

  constructor(dataSource: DataSource, seedOfChance: number) {
    this.done = this.run(dataSource, seededRandom(seedOfChance + 100));
  }

  end(): Promise<number> {
    this.isOver = true;
    return this.done;
  }

  private async run(dataSource: DataSource, random: Random): Promise<number> {
    let cut = 0;
    while (!this.isOver && cut < 60) {
      await sleep(random.integer(5, 60));
      const [{ ended }] = await dataSource.query<[{ ended: number }]>(
        `select count(*) filter (where pg_terminate_backend(pid))::int as ended from (
           select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
           order by random() limit 1) p`,
      );
      cut += ended;
    }
    return cut;
  }
}

async function untilHeard(work: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isCut(error)) throw error;
    }
  }
}

function together(writers: readonly Counted[]): Counted {
  const all = new Counted();
  for (const { committed, lost } of writers) {
    for (const [number, id] of committed) all.committed.set(number, id);
    for (const number of lost) all.lost.add(number);
  }
  return all;
}

function isCut(error: unknown): boolean {
  const { code, message, driverError } = error as Error & { code?: string; driverError?: Error };
  return (
    ['57P01', 'DATABASE_UNREACHABLE'].includes(code ?? '') ||
    /terminat|not queryable|closed|released|ECONNRESET|EPIPE/i.test(
      `${message} ${driverError?.message ?? ''}`,
    )
  );
}
