import { setTimeout as sleep } from 'node:timers/promises';
import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

const id = { type: 'int', primary: true, generated: true } as const;
const Account = new EntitySchema({
  name: 'Account',
  columns: { id, balance: { type: 'int', default: 0 } },
});
const Line = new EntitySchema({ name: 'Line', columns: { id, quantity: { type: 'int', default: 0 } } });
const LaterAccount = new EntitySchema({
  name: 'Account',
  columns: { id, balance: { type: 'int', default: 0 }, note: { type: 'text', nullable: true } },
});

/** Locks of a kind that readers wait for, asked for and not had. */
const waitingForReaders = `select count(*)::int as waiting from pg_locks l join pg_class c on c.oid = l.relation
  where not l.granted and l.mode = 'AccessExclusiveLock' and c.relname in ('account', 'line')`;

describe('installing, renewing and ending capture beside writers and open readers', () => {
  let database: TestDatabase;
  let application: DataSource;
  let other: DataSource;

  beforeAll(async () => {
    database = await createTestDatabase();
    application = await open([Account, Line], 12);
    await application.synchronize();
    await application.query(`insert into account default values; insert into line default values`);
    await application.query(`insert into account select from generate_series(1, 20)`);
    await application.query(`insert into line select from generate_series(1, 20)`);
  });

  afterAll(async () => {
    await application.destroy();
    await other.destroy();
    await database.drop();
  });

  function open(entities: EntitySchema[], poolSize: number): Promise<DataSource> {
    return new DataSource({ type: 'postgres', url: database.url, entities, poolSize }).initialize();
  }

  it('ends no transaction of the application, and lets no reader wait', async () => {
    let on = true;
    let written = 0;
    const failures: string[] = [];
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let round = 0; on; round++) {
        const [first, second] = (writer + round) % 2 === 0 ? ['account', 'line'] : ['line', 'account'];
        const row = 1 + ((writer * 7 + round) % 20);
        const set = { account: 'balance = balance + 1', line: 'quantity = quantity + 1' };
        // each row is one writer's, so that they have no deadlock of their own
        const own = (table: string): string =>
          `update ${table} set ${set[table as 'account']} where id = ${row} and id % 8 = ${writer}`;
        await application
          .transaction(async (manager) => {
            await manager.query(own(first));
            await manager.query(`select count(*) from account join line using (id)`);
            await manager.query(own(second));
          })
          .then(
            () => void written++,
            (error: Error) => void failures.push(error.message),
          );
      }
    });
    let waiting = 0;
    const watching = (async () => {
      while (on) {
        const [locks] = await application.query<{ waiting: number }[]>(waitingForReaders);
        waiting += locks?.waiting ?? 0;
        await sleep(10);
      }
    })();
    const reader = application.createQueryRunner();
    await reader.startTransaction();
    await reader.query('select count(*) from account, line');

    const backstory = await createBackstory(application);
    await backstory.backfill();
    other = await open([LaterAccount, Line], 4);
    await reader.commitTransaction();
    await other.query('alter table account add column if not exists note text');
    await reader.startTransaction();
    await reader.query('select count(*) from account, line');
    waiting = 0;
    const later = await createBackstory(other);
    await backstory.stages.set('line', 'off');
    const events = async (): Promise<number> =>
      (
        await other.query<{ count: number }[]>(
          `select count(*)::int as count from backstory.events where category = 'line'`,
        )
      )[0]?.count ?? 0;
    const before = await events();
    await sleep(500);
    expect(await events()).toBe(before);
    on = false;
    await Promise.all([...writers, watching]);
    await reader.commitTransaction();
    await reader.release();

    expect(failures).toEqual([]);
    expect(waiting).toBe(0);
    expect(written).toBeGreaterThan(50);
    expect(await later.verify({ aggregates: ['account'] })).toMatchObject({ clean: true });
    expect(await later.doctor()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ problem: expect.stringContaining('is left from before') }),
      ]),
    );
    await later.close();
    await backstory.close();
  }, 120_000);
});
