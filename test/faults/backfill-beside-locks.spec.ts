import { type Backstory, type BackfillProgress, createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { entities } from '../library/entities.js';
import type { Library } from '../library/open-library.js';
import { seedOfRun } from '../library/random.js';
import { expectWholeHistory, openFilledLibrary, startWriters } from './live-library.js';
import { hasPreparedTransactions } from '../library/prepared-transactions.js';

const seed = seedOfRun();
const rows = 5_000;

describe(`a backfill beside locks, timeouts and lost connections, seed ${seed}`, () => {
  let library: Library;
  let backstory: Backstory;
  let heard: BackfillProgress[];

  beforeEach(async () => {
    library = await openFilledLibrary(rows);
    backstory = await createBackstory(library.dataSource);
    heard = [];
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  const backfill = (options = {}) =>
    backstory.backfill({ onProgress: (progress) => void heard.push(progress), ...options });

  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('goes on around rows that a long transaction has locked, names it, and comes back to them', async () => {
    let running: Promise<unknown> | undefined;
    await library.dataSource.transaction(async (manager) => {
      await manager.query(`set local application_name = 'nightly job'`);
      const [{ pid }] = await manager.query(
        `select pg_backend_pid() as pid from author where id in (7, 9) for update`,
      );
      running = backfill({ aggregates: ['author'], chunkSize: 500 });
      await until(() => heard.some(({ waitingFor }) => waitingFor));
      const { waitingFor, rows: seen, events } = heard.at(-1)!;
      expect(waitingFor).toMatch(
        new RegExp(
          `^process ${pid} \\(nightly job, idle in transaction, transaction open for 00:00:0\\d\\)$`,
        ),
      );
      expect([seen, events]).toEqual([rows, rows - 2]);
      await until(() => heard.filter((each) => each.waitingFor).length > 3);
    });
    expect(await running).toMatchObject([{ completed: true, rows, events: rows }]);
    await backfill();
    await expectWholeHistory(library.dataSource, backstory);
  });

  it('stops at once where it waits for a lock', async () => {
    const stop = new AbortController();
    await library.dataSource.transaction(async (manager) => {
      await manager.query(`select from author where id = 7 for update`);
      const running = backfill({ aggregates: ['author'], signal: stop.signal });
      await until(() => heard.some(({ waitingFor }) => waitingFor));
      stop.abort();
      expect(await running).toMatchObject([{ completed: false, events: rows - 1 }]);
    });
    expect(await backfill({ aggregates: ['author'] })).toMatchObject([{ completed: true, events: 1 }]);
  });

  it('names a prepared transaction', async () => {
    if (!(await hasPreparedTransactions(library.dataSource))) return;
    await library.dataSource.query(
      `begin; update author set name = 'x' where id = 3; prepare transaction 'left over ${seed}'`,
    );
    const running = backfill({ aggregates: ['author'] });
    await until(() => heard.some(({ waitingFor }) => waitingFor));
    expect(heard.at(-1)?.waitingFor).toMatch(
      new RegExp(`^the prepared transaction left over ${seed} \\(transaction open for 00:00:0\\d\\)$`),
    );
    await library.dataSource.query(`rollback prepared 'left over ${seed}'`);
    expect(await running).toMatchObject([{ completed: true, events: rows }]);
  });

  it('is in no deadlock with transactions that lock rows in the other order', async () => {
    // two rows at a time, downwards: each would meet the backfill, which goes upwards
    let on = true;
    const application = Promise.all(
      [0, 1, 2, 3].map(async (writer) => {
        // each has rows of its own, so that they have no deadlock with each other
        for (let n = 0; on; n = (n + 37) % 1_000) {
          const [low, high] = [1 + writer * 1_000 + (n % 500), 501 + writer * 1_000 + (n % 500)];
          await library.dataSource.transaction(async (manager) => {
            await manager.query(`update author set followers = followers + 1 where id = $1`, [high]);
            await manager.query(`update author set followers = followers + 1 where id = $1`, [low]);
          });
        }
      }),
    );
    application.catch(() => undefined);
    for (let round = 0; round < 3; round++)
      await backfill({ aggregates: ['author'], chunkSize: 200 + round * 700 });
    on = false;
    await application;
    await backfill();
    await expectWholeHistory(library.dataSource, backstory);
  });

  it('goes on after its connections and those of writers were terminated', async () => {
    // A statement sent to a backend that has just ended is answered by a reset, and the word of the server is lost with it.
    const stopWriters = startWriters(library.dataSource, seed, (error) =>
      /terminat|Connection|57P01|already released|ECONNRESET|EPIPE/i.test(
        String(error) + String((error as Error).cause),
      ),
    );
    const running = backfill({ chunkSize: 100, parallel: 2 });
    let terminated = 0;
    const done = running.then(() => true);
    try {
      // what it asks before its first chunk is refused like any other statement, and nothing is begun yet
      while ((await library.dataSource.query(`select from backstory.backfills`)).length === 0)
        await new Promise((resolve) => setTimeout(resolve, 5));
      for (
        let over = false;
        !over;
        over = await Promise.race([done, new Promise<false>((resolve) => setTimeout(resolve, 60, false))])
      ) {
        const victims = await library.dataSource
          .query(
            `select pg_terminate_backend(pid) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'
               and (query like '%backstory backfill%' or random() < 0.2)`,
          )
          .catch(() => []);
        terminated += victims.length;
        if (terminated > 25) break;
      }
      const reports = await running;
      expect(reports.every(({ completed }) => completed)).toBe(true);
    } finally {
      await stopWriters();
    }
    expect(terminated).toBeGreaterThan(5);
    await expectWholeHistory(library.dataSource, backstory);
  });

  it('makes smaller chunks where statement_timeout cuts them off, and sweeps without one', async () => {
    const [{ name }] = await library.dataSource.query(`select current_database() as name`);
    await library.dataSource.query(`alter database ${name} set statement_timeout = '250ms'`);
    const limited = await new DataSource({ type: 'postgres', url: library.url, entities }).initialize();
    await backstory.close();
    backstory = await createBackstory(limited, { install: 'check' });
    try {
      // each row takes two milliseconds to be looked at
      await library.dataSource.query(
        `create function slowly(id int) returns boolean language plpgsql as $$ begin perform pg_sleep(0.002); return true; end $$`,
      );
      const [report] = await backfill({
        aggregates: ['author'],
        where: 'slowly(t.id) and t.id <= 400',
        chunkSize: 200,
      }).catch((error: unknown) => [error]);
      expect(heard.some(({ waitingFor }) => waitingFor?.includes('the next are smaller'))).toBe(true);
      expect(report).toMatchObject({ completed: false, finished: true, events: 400 });
    } finally {
      await backstory.close();
      await limited.destroy();
      await library.dataSource.query(`alter database ${name} reset statement_timeout`);
      backstory = await createBackstory(library.dataSource, { install: 'check' });
    }
    await backfill();
    await expectWholeHistory(library.dataSource, backstory);
  });
});
