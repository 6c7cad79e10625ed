import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { DataSource, In } from 'typeorm';
import { type Bank, BankAccount, Cashier, openBank } from '../bank/bank.js';
import { examineSnapshots, expectEveryVersion, versionsOf, witness } from '../bank/witness.js';
import { growing, passing, writeAccounts } from '../bank/write-accounts.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();
const accounts = { entity: BankAccount, snapshots: { every: 3 } };
const all = [...growing, ...passing];

describe(`snapshots while everybody writes and reads, seed ${seed}`, () => {
  let bank: Bank;
  let other: DataSource;
  let second: Backstory;
  let unkept: Backstory;
  let plain: DataSource;
  const warnings: string[] = [];

  const instance = async (snapshots: { every: number } | 'off'): Promise<[DataSource, Backstory]> => {
    const dataSource = await new DataSource({
      type: 'postgres',
      url: bank.url,
      entities: [BankAccount, Cashier],
      poolSize: 10,
    }).initialize();
    const logger = { log: () => undefined, warn: (text: string) => warnings.push(text) };
    const aggregates = [{ entity: BankAccount, snapshots }];
    return [dataSource, await createBackstory(dataSource, { aggregates, install: 'check', logger })];
  };

  beforeEach(async () => {
    bank = await openBank([accounts]);
    await witness(bank.dataSource);
    await bank.open(...growing);
    await bank.backstory.stages.set('bankAccount', 'replay', { force: true });
    [other, second] = await instance({ every: 3 });
    [plain, unkept] = await instance('off');
  });

  afterEach(async () => {
    await unkept.close();
    await second.close();
    await plain.destroy();
    await other.destroy();
    await bank.close();
  });

  it('are never of what is not committed; every load is right at every version, and no reader goes back in time', async () => {
    const end = performance.now() + 5_000;
    const done = { transactions: 0, reads: 0, made: 0, spoilt: 0, examined: 0 };
    const until = async (salt: number, work: (random: Random) => Promise<unknown>): Promise<void> => {
      const random = seededRandom(seed + salt);
      while (performance.now() < end || done.transactions < 300) await work(random);
    };
    await Promise.all([
      ...Array.from({ length: 8 }, (_, n) =>
        until(n, async (random) => {
          await writeAccounts(bank.dataSource, random);
          done.transactions++;
        }),
      ),
      ...[bank, { dataSource: other, backstory: second }].flatMap(({ dataSource, backstory }, n) =>
        [0, 1].map((reader) => {
          const seen = new Seen();
          return until(100 + n * 10 + reader, async (random) => {
            await read(dataSource, backstory, random, seen);
            done.reads++;
          });
        }),
      ),
      // as "backstory snapshots" does it
      until(200, async (random) => {
        for (const { taken } of await second.rebuildSnapshots()) done.made += taken;
        await sleep(random.integer(0, 100));
      }),
      until(300, async (random) => {
        if (random.chance(0.5)) await truncateSnapshots();
        else await deleteSomeSnapshots(random.integer(1, 5));
        done.spoilt++;
        await sleep(random.integer(20, 100));
      }),
      until(400, async () => {
        const { count, wrong } = await examineSnapshots(plain);
        expect(wrong).toEqual([]);
        done.examined += count;
        await sleep(5);
      }),
    ]);
    expect(warnings).toEqual([]);
    expect(await second.verify()).toMatchObject({ clean: true });
    const versions = await expectEveryVersion(plain, bank.backstory, second, unkept);
    await Promise.all([bank.backstory.snapshotsSettled(), second.snapshotsSettled()]);
    const { count, wrong } = await examineSnapshots(plain);
    expect(wrong).toEqual([]);
    // something has happened
    expect(versions).toBeGreaterThan(300);
    expect(count).toBeGreaterThan(50);
    for (const amount of Object.values(done)) expect(amount).toBeGreaterThan(20);
  }, 180_000);

  async function deleteSomeSnapshots(count: number): Promise<void> {
    // one at a time: several would be locked in another order than by those who delete all
    for (let n = 0; n < count; n++) {
      await plain.query(
        `delete from backstory.snapshots where ctid = (select ctid from backstory.snapshots order by taken_at desc limit 1)`,
      );
    }
  }

  /** Everybody who reads waits behind it, and it for every transaction that has read: so it gives up soon. */
  async function truncateSnapshots(): Promise<void> {
    await plain
      .transaction(async (manager) => {
        await manager.query(`set local lock_timeout = '10ms'`);
        await manager.query('truncate backstory.snapshots');
      })
      .catch((error: Error & { code?: string }) => {
        if (error.code !== '55P03') throw error;
      });
  }

  /** What one reader has seen: from then on it may see that or later. */
  class Seen {
    private readonly last = new Map<string, number>();

    note(what: string, value: number): void {
      const before = this.last.get(what) ?? 0;
      if (value < before) throw new Error(`${what} was ${before} and is ${value}`);
      this.last.set(what, value);
    }
  }

  /** One read in each style; versions are compared with what was witnessed. */
  async function read(
    dataSource: DataSource,
    backstory: Backstory,
    random: Random,
    seen: Seen,
  ): Promise<void> {
    const id = random.pick(all)!;
    const { position } = await backstory.state(BankAccount, id);
    seen.note(`position of ${id}`, position);
    const one = await dataSource.manager.findOneBy(BankAccount, { id: random.pick(growing)! });
    seen.note(`balance of ${one!.id}`, Number(one!.balance));
    for (const each of await dataSource.manager.findBy(BankAccount, { id: In(growing) })) {
      seen.note(`balance of ${each.id}`, Number(each.balance));
    }
    if (position === 0) return;
    const version = random.integer(1, position);
    const replayed = await backstory.state(BankAccount, id, { version });
    const witnessed = (await versionsOf(plain, id))[version - 1];
    if (isDeepStrictEqual(replayed, { state: witnessed, position: version })) return;
    expect([id, version, replayed]).toEqual([id, version, { state: witnessed, position: version }]);
  }
});
