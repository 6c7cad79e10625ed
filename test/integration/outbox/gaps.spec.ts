import { onEvent } from '@backstory/adapter';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { all, eventually, type Ledger, openLedger, Received } from './ledger.js';
import { hasPreparedTransactions } from '../../library/prepared-transactions.js';

describe('gaps in the log', () => {
  let ledger: Ledger;
  let received: Received;
  const open: QueryRunner[] = [];

  beforeEach(async () => {
    ledger = await openLedger();
    received = new Received();
    ledger.backstory.consumers.define({
      name: 'reader',
      from: 'beginning',
      handlers: [onEvent(all, received.handle)],
    });
    await ledger.backstory.consumers.start();
  });

  afterEach(async () => {
    for (const runner of open.splice(0)) {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
    await ledger.close();
  });

  async function begin(...statements: string[]): Promise<QueryRunner> {
    const runner = ledger.dataSource.createQueryRunner();
    open.push(runner);
    await runner.startTransaction();
    for (const statement of statements) await runner.query(statement);
    return runner;
  }

  const positions = async (): Promise<number> => Number((await status()).position);
  const gaps = async (): Promise<number> => (await status()).gaps;
  const status = async () =>
    (await ledger.backstory.consumers.list())[0] as { gaps: number; position: string };

  it('a late commit is delivered, and nobody waits for it', async () => {
    const late = await begin('insert into account values (1, 0)');
    await ledger.open(2);
    await ledger.backstory.consumers.wait('reader');
    expect(received.positions).toEqual(['2']);
    await eventually('the gap to be stored', async () => (await gaps()) === 1);
    await late.commitTransaction();
    await ledger.backstory.consumers.wait('reader');
    expect(received.positions).toEqual(['2', '1']);
    await eventually('no gap', async () => (await gaps()) === 0);
  });

  it('an early transaction id with a late write does not turn a stream round', async () => {
    await ledger.open(1);
    const early = await begin('create temp table mine (id int)', 'insert into mine values (1)');
    const later = await begin('create temp table theirs (id int)', 'insert into theirs values (1)');
    await ledger.pay(1);
    await early.query('update account set balance = 7 where id = 1');
    await early.commitTransaction();
    await ledger.backstory.consumers.wait('reader');
    await later.commitTransaction();
    expect(received.events.map(({ streamPosition }) => streamPosition)).toEqual([1, 2, 3]);
  });

  it('a rolled back position is forgotten when its transaction has ended, not before', async () => {
    const rolledBack = await begin('insert into account values (1, 0)');
    await ledger.open(2);
    await ledger.backstory.consumers.wait('reader');
    await eventually('the gap', async () => (await gaps()) === 1);
    await sleep(500);
    expect(await gaps()).toBe(1);
    await rolledBack.rollbackTransaction();
    await eventually('no gap', async () => (await gaps()) === 0);
    expect(received.positions).toEqual(['2']);
  });

  it('a savepoint that was rolled back keeps its gap until the transaction ends', async () => {
    const writer = await begin(
      'insert into account values (1, 0)',
      'savepoint s',
      'insert into account values (2, 0)',
      'rollback to s',
      'insert into account values (3, 0)',
    );
    await ledger.open(4);
    await ledger.backstory.consumers.wait('reader');
    await writer.commitTransaction();
    await ledger.backstory.consumers.wait('reader');
    expect(received.events.map(({ streamId }) => streamId)).toEqual(['4', '1', '3']);
    await eventually('no gap', async () => (await gaps()) === 0);
  });

  it('a statement of 100 000 rows that was rolled back is one range', async () => {
    const large = await begin('insert into account select n, 0 from generate_series(1, 100000) n');
    await ledger.open(200_000);
    await ledger.backstory.consumers.wait('reader');
    const stored = await ledger.dataSource.query('select gaps from backstory.consumers');
    expect(stored).toEqual([{ gaps: [['1', '100000']] }]);
    await large.rollbackTransaction();
    await eventually('no gap', async () => (await gaps()) === 0);
  });

  it('a statement of 20 000 rows that commits late comes whole, in order, before what follows in its streams', async () => {
    const large = await begin('insert into account select n, 0 from generate_series(1, 20000) n');
    await ledger.open(200_000);
    await ledger.backstory.consumers.wait('reader');
    await large.commitTransaction();
    await ledger.dataSource.query('update account set balance = 1 where id % 2 = 0');
    await ledger.backstory.consumers.wait('reader', undefined, { timeoutMs: 30_000 });
    expect(received.events).toHaveLength(20_001 + 10_001);
    expect(new Set(received.positions).size).toBe(received.events.length);
    expect(received.disorder).toEqual([]);
    await eventually('no gap', async () => (await gaps()) === 0);
  });

  it('a prepared transaction keeps its gap, through the restart of its consumer', async () => {
    if (!(await hasPreparedTransactions(ledger.dataSource))) return;
    const prepared = await begin('insert into account values (1, 0)', `prepare transaction 'backstory test'`);
    await ledger.open(2);
    await ledger.backstory.consumers.wait('reader');
    await eventually('the gap', async () => (await gaps()) === 1);
    await ledger.backstory.consumers.stop();
    await ledger.backstory.consumers.start();
    await sleep(500);
    expect(await gaps()).toBe(1);
    await prepared.query(`rollback`);
    await ledger.dataSource.query(`commit prepared 'backstory test'`);
    await ledger.backstory.consumers.wait('reader');
    expect(received.positions).toEqual(['2', '1']);
  });

  it('transactions that have written no event do not keep a gap', async () => {
    const unrelated = await begin('create temp table mine (id int)', 'insert into mine values (1)');
    const reading = await begin('select count(*) from backstory.events');
    const rolledBack = await begin('insert into account values (1, 0)');
    await ledger.open(2);
    await rolledBack.rollbackTransaction();
    await eventually('the event', async () => (await positions()) === 2);
    await eventually('no gap', async () => (await gaps()) === 0);
    await unrelated.rollbackTransaction();
    await reading.rollbackTransaction();
  });

  it('a jump of the sequence, as after a crash, is passed and forgotten', async () => {
    await ledger.open(1);
    await ledger.dataSource.query(`select setval('backstory.events_global_position_seq', 33)`);
    await ledger.open(2);
    await ledger.backstory.consumers.wait('reader');
    expect(received.positions).toEqual(['1', '34']);
    await eventually('no gap', async () => (await gaps()) === 0);
  });

  it('gaps are about all positions, whatever a filter lets through', async () => {
    const letters = new Received();
    const { consumers } = ledger.backstory;
    consumers.define({
      name: 'letters',
      from: 'beginning',
      handlers: [onEvent({ category: 'letter' }, letters.handle)],
    });
    await consumers.start();
    const late = await begin(`insert into letter values ('late', '')`);
    const account = await begin('insert into account values (1, 0)');
    for (let id = 2; id < 30; id++) await ledger.open(id);
    await ledger.dataSource.query(`insert into letter values ('first', '')`);
    await consumers.wait('letters');
    expect(letters.events.map(({ streamId }) => streamId)).toEqual(['first']);
    await account.commitTransaction();
    await late.commitTransaction();
    await consumers.wait('letters');
    expect(letters.events.map(({ streamId }) => streamId)).toEqual(['first', 'late']);
    await eventually('no gap', async () => (await consumers.list()).every(({ gaps: left }) => left === 0));
  });
});
