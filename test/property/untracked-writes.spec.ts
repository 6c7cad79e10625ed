import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { Invoice, Item, Parcel, parcelAggregate } from '../integration/untracked/entities.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();
const keys = 12;

describe(`random writers beside deletions without events, seed ${seed}`, () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Invoice, Parcel, Item],
      synchronize: true,
      installExtensions: false,
      poolSize: 10,
    }).initialize();
    backstory = await createBackstory(dataSource, { aggregates: [Invoice, parcelAggregate] });
  });

  afterEach(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  /** What a writer gets that is another's luck, and an application has to live with: a key that is there, a parcel that is gone, a deadlock. */
  const isLuck = (error: unknown): boolean =>
    ['23505', '23503', '40P01'].includes((error as { code?: string }).code ?? '');

  it.each([0, 1, 2])('what is replayed is what is in the tables (run %i)', async (run) => {
    const writer = async (number: number): Promise<void> => {
      const { next: random } = seededRandom(seed + run * 100 + number);
      const key = (): number => 1 + Math.floor(random() * keys);
      const statements = [
        () => `insert into invoice (id, title) values (${key()}, 'i${key()}') on conflict do nothing`,
        () => `update invoice set note = 'n${key()}' where id > ${key()}`,
        () => `update invoice set id = ${key()} where id = ${key()}`,
        () => `delete from invoice where id = ${key()}`,
        () => `insert into parcel (id, title) values (${key()}, 'p') on conflict do nothing`,
        () => `update parcel set title = 't${key()}' where id > ${key()}`,
        () =>
          `insert into item (id, name, "parcelId") select ${key()}, 'x', id from parcel where id = ${key()} on conflict do nothing`,
        () => `update item set "parcelId" = ${key()} where id = ${key()}`,
        () => `delete from item where id = ${key()}`,
      ];
      const purges = [
        () => `delete from invoice where id > ${key()}`,
        () => `delete from invoice where id = ${key()}`,
        () => `delete from parcel where id = ${key()}`,
        () => `delete from parcel where id > ${key() + 4}`,
        () => `delete from item where "parcelId" = ${key()}`,
      ];
      const pick = (from: readonly (() => string)[]): string =>
        (from[Math.floor(random() * from.length)] as () => string)();
      for (let step = 0; step < 40; step++) {
        const untracked = random() < 0.25;
        const count = 1 + Math.floor(random() * 3);
        const sql = Array.from({ length: count }, () => pick(untracked ? purges : statements));
        const fails = random() < 0.1;
        const isSaved = random() < 0.2;
        const work = async (manager: { query(sql: string): Promise<unknown> }): Promise<void> => {
          for (const [index, each] of sql.entries()) {
            if (isSaved && index > 0) await manager.query('savepoint s');
            await manager.query(each);
            if (isSaved && index > 0) await manager.query('rollback to savepoint s');
          }
          if (fails) throw Object.assign(new Error('taken back'), { code: '23505' });
        };
        await (
          untracked
            ? backstory.untracked([Invoice, Parcel], { reason: `purge ${number}` }, work)
            : dataSource.transaction(work)
        ).catch((error: unknown) => {
          if (!isLuck(error)) throw error;
        });
      }
    };
    await Promise.all([1, 2, 3, 4].map(writer));
    const report = await backstory.verify();
    expect(report.aggregates.flatMap(({ drift }) => drift)).toEqual([]);
    expect(report.clean).toBe(true);
    expect(report.aggregates.every(({ untracked }) => untracked !== undefined)).toBe(true);
    const { manager } = dataSource;
    for (let id = 1; id <= keys; id++) {
      const row = await manager.findOneBy(Invoice, { id });
      expect(await backstory.load(Invoice, String(id))).toEqual(row);
      const events = await backstory.history(Invoice, String(id));
      expect(events.map(({ streamPosition }) => streamPosition)).toEqual(events.map((_, index) => index + 1));
      const told = events.filter(({ change }) => change !== 'none').at(-1);
      expect(told === undefined || told.change === 'deleted').toBe(row === null);
      // every creation follows an end, and no change does
      events.reduce((lives, { change }) => {
        expect([change, lives]).toEqual([change, change !== 'created']);
        return change !== 'deleted';
      }, false);
    }
    expect(await dataSource.query('select * from backstory.pending_events')).toEqual([]);
  });
});
