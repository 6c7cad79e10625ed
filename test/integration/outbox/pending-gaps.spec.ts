import type { QueryRunner } from 'typeorm';
import type { Database, SqlExecutor } from '../../../packages/adapter/src/database/index.js';
import { GapAwareReader } from '../../../packages/adapter/src/outbox/gap-aware-reader.js';
import { poolDatabase } from '../../../packages/adapter/src/connections/pool-database.js';
import { poolOf } from '../../../packages/adapter/src/connections/pg-pool.js';
import { readCheckpoint, storeCheckpoint } from '../../../packages/adapter/src/outbox/consumer-lease.js';
import { lastPosition, waitForPosition } from '../../../packages/adapter/src/outbox/wait-for-position.js';
import { type Ledger, openLedger } from './ledger.js';

/** The first one is beside the position that the open transaction has drawn: one gap. */
const rolledBack = 50;
const everything = { categories: [], types: [] };

describe('many gaps behind a transaction that stays open', () => {
  let ledger: Ledger;
  let late: QueryRunner;
  /** Into how many gaps each page has looked. */
  let lookedInto: number[];
  let reader: GapAwareReader;
  /** What happens between the snapshot of a page and its look at who is writing. */
  let meanwhile: (() => Promise<unknown>) | undefined;

  beforeEach(async () => {
    ledger = await openLedger();
    lookedInto = [];
    meanwhile = undefined;
    reader = new GapAwareReader(
      listenedTo(poolDatabase(poolOf(ledger.dataSource))),
      'backstory',
      { position: 0n, gaps: [] },
      everything,
      1000,
    );
    await ledger.dataSource.query(
      `create procedure churn(first int default 1000) language plpgsql as $$ begin
         for n in 1..${rolledBack} loop
           insert into account values (first + n, 0); rollback;
           insert into account values (first + 1000 + n, 0); commit;
         end loop; end $$`,
    );
    late = ledger.dataSource.createQueryRunner();
    await late.startTransaction();
    await late.query('insert into account values (1, 0)');
    await ledger.dataSource.query('call churn()');
  });

  afterEach(async () => {
    if (late.isTransactionActive) await late.rollbackTransaction();
    await late.release();
    await ledger.close();
  });

  function listenedTo(database: Database): Database {
    const listening = (sql: SqlExecutor): SqlExecutor => ({
      ...sql,
      execute: async (text, values) => {
        if (text.includes('pg_locks') && meanwhile) {
          const happens = meanwhile;
          meanwhile = undefined;
          await sql.execute('select');
          await happens();
        }
        if (text.includes('as region'))
          lookedInto.push(text.includes('$2::bigint[]') ? (values?.[1] as unknown[]).length : 0);
        return sql.execute(text, values);
      },
    });
    return { ...database, snapshot: (work) => database.snapshot((sql) => work(listening(sql))) };
  }

  const next = async (): Promise<string[]> => (await reader.next()).events.map(({ streamId }) => streamId);

  it('are kept, and looked into once before it has ended', async () => {
    expect(await next()).toHaveLength(rolledBack);
    for (const id of [3001, 3002]) {
      await ledger.open(id);
      expect(await next()).toEqual([String(id)]);
    }
    expect(lookedInto).toEqual([0, rolledBack, 0]);
    await late.commitTransaction();
    expect(await next()).toEqual(['1']);
    expect(lookedInto.at(-1)).toBe(rolledBack);
    const { scannedTo, checkpointAt } = await reader.next();
    expect(checkpointAt(scannedTo).gaps).toEqual([]);
  });

  it('give what its transaction has written before what follows in the same streams', async () => {
    await next();
    await late.query('update account set balance = 1 where id = 2001');
    await late.commitTransaction();
    await ledger.pay(2001);
    await ledger.pay(1);
    const { events } = await reader.next();
    expect(events.map(({ streamId, streamPosition }) => `${streamId}@${streamPosition}`)).toEqual([
      '1@1',
      '2001@2',
      '2001@3',
      '1@2',
    ]);
  });

  it('of another worker are looked into twice, and then known', async () => {
    const { scannedTo, checkpointAt } = await reader.next();
    const another = new GapAwareReader(
      listenedTo(poolDatabase(poolOf(ledger.dataSource))),
      'backstory',
      checkpointAt(scannedTo),
      everything,
      1000,
    );
    for (let page = 0; page < 3; page++) await another.next();
    expect(lookedInto).toEqual([0, rolledBack, rolledBack, 0]);
  });

  it('rest apart from the others where there are many, until their transaction has ended', async () => {
    const database = listenedTo(poolDatabase(poolOf(ledger.dataSource)));
    const start = { position: 0n, gaps: [] };
    reader = new GapAwareReader(database, 'backstory', start, everything, 1000, undefined, rolledBack / 2);
    const checkpoint = async (): Promise<{ gaps: number; resting: number | undefined }> => {
      const { scannedTo, checkpointAt } = await reader.next();
      const { gaps, resting } = checkpointAt(scannedTo);
      return { gaps: gaps.length, resting: resting?.size };
    };
    for (let page = 0; page < 6; page++) await checkpoint();
    expect(await checkpoint()).toEqual({ gaps: 0, resting: rolledBack });
    await ledger.dataSource.query(`call churn(5000)`);
    expect(await checkpoint()).toEqual({ gaps: rolledBack, resting: rolledBack });
    for (let page = 0; page < 6; page++) await checkpoint();
    expect(await checkpoint()).toEqual({ gaps: 0, resting: 2 * rolledBack });
    await late.query('update account set balance = 1 where id = 2001');
    await late.commitTransaction();
    await ledger.pay(2001);
    expect(await next()).toEqual(['1', '2001', '2001']);
    expect(await checkpoint()).toEqual({ gaps: 0, resting: undefined });
  });

  it('that rest are stored apart, once, and read by whoever has the partition next', async () => {
    await ledger.dataSource.query(
      `insert into backstory.consumers (name, partition, partitions, position) values ('c', 0, 1, 0)`,
    );
    const database = poolDatabase(poolOf(ledger.dataSource));
    const fence = { consumer: 'c', partition: 0, partitions: 1, epoch: '0', logEpoch: '0' };
    reader = new GapAwareReader(
      database,
      'backstory',
      { position: 0n, gaps: [] },
      everything,
      1000,
      undefined,
      5,
    );
    const read = async (): Promise<void> => {
      const { scannedTo, checkpointAt } = await reader.next();
      await storeCheckpoint(database, 'backstory', fence, checkpointAt(scannedTo));
    };
    for (let page = 0; page < 7; page++) await read();
    const stored = async (): Promise<unknown> =>
      (
        await ledger.dataSource.query<object[]>(
          `select jsonb_array_length(gaps) as gaps, jsonb_array_length(resting_gaps) as resting,
             (select count(*)::int from backstory.gaps_of(gaps, resting_gaps)) as all,
             (select count(*)::int from backstory.fillable_gaps_of(gaps, resting_gaps)) as fillable
           from backstory.consumers`,
        )
      )[0];
    expect(await stored()).toEqual({ gaps: 1, resting: rolledBack, all: rolledBack, fillable: 0 });
    await ledger.open(7000);
    await read();
    expect((await readCheckpoint(database, 'backstory', fence)).gaps).toHaveLength(rolledBack);
    const position = await lastPosition(database, 'backstory');
    await waitForPosition(database, 'backstory', 'c', position, { timeoutMs: 60_000 });
    await late.commitTransaction();
    expect(await stored()).toMatchObject({ fillable: rolledBack });
    await expect(
      waitForPosition(database, 'backstory', 'c', position, { timeoutMs: 50 }),
    ).rejects.toMatchObject({ code: 'WAIT_TIMED_OUT' });
    await read();
    await waitForPosition(database, 'backstory', 'c', position, { timeoutMs: 60_000 });
    await read();
    expect(await stored()).toEqual({ gaps: 0, resting: 0, all: 0, fillable: 0 });
  });

  describe('a writer that ends between the snapshot of a page and its look', () => {
    let another: QueryRunner;

    beforeEach(async () => {
      another = ledger.dataSource.createQueryRunner();
      await another.startTransaction();
      await another.query('insert into account values (5, 0)');
    });

    afterEach(() => another.release());

    const commitAndGoOn = async (): Promise<void> => {
      await another.commitTransaction();
      await ledger.pay(5);
    };

    it('is found with what follows, in the order of its stream', async () => {
      await ledger.open(4000);
      await next();
      await next();
      meanwhile = commitAndGoOn;
      expect(await next()).toEqual([]);
      expect(await next()).toEqual(['5', '5']);
    });

    it('is found by who has just begun to watch', async () => {
      await ledger.open(4000);
      const { scannedTo, checkpointAt } = await reader.next();
      reader = new GapAwareReader(
        listenedTo(poolDatabase(poolOf(ledger.dataSource))),
        'backstory',
        checkpointAt(scannedTo),
        everything,
        1000,
      );
      meanwhile = commitAndGoOn;
      expect(await next()).toEqual([]);
      const { events } = await reader.next();
      expect(events.map(({ streamId, streamPosition }) => `${streamId}@${streamPosition}`)).toEqual([
        '5@1',
        '5@2',
      ]);
    });
  });
});
