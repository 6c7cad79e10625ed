import { createBackstory } from '@backstory/adapter';
import { eventsDuring } from '@backstory/adapter/testing';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { Account, type Ledger, Letter, openLedger } from '../outbox/ledger.js';

describe('the database between tests', () => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger();
  });

  afterEach(() => ledger.close());

  it('has nothing of a transaction that is rolled back, whose events only itself sees', async () => {
    const { backstory, dataSource } = ledger;
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    const events = await eventsDuring(backstory, () => runner.manager.insert(Account, { id: 1 }));
    const seen = await runner.query(`select type, data from backstory.events where stream_id = '1'`);
    const outside = await backstory.history(Account, '1');
    await runner.rollbackTransaction();
    await runner.release();
    expect(seen).toEqual([{ type: 'AccountCreated', data: { id: 1, balance: 0 } }]);
    expect([events, outside, await backstory.history(Account, '1')]).toEqual([[], [], []]);
  });

  it('has the end of every stream where tables are truncated, and the log stays', async () => {
    const { backstory, dataSource } = ledger;
    for (const id of [1, 2]) await ledger.open(id);
    const events = await eventsDuring(backstory, () =>
      dataSource.query('truncate account, letter restart identity'),
    );
    expect(events.map(({ type, streamId }) => `${type} ${streamId}`).sort()).toEqual([
      'AccountDeleted 1',
      'AccountDeleted 2',
    ]);
    const [created] = await eventsDuring(backstory, () => ledger.open(1));
    expect(created).toMatchObject({ type: 'AccountCreated', streamPosition: 3 });
    await expect(dataSource.query('truncate backstory.events')).rejects.toThrow(/append-only/);
  });
});

describe('a database for each worker', () => {
  let template: TestDatabase;
  let server: DataSource;

  beforeAll(async () => {
    template = await createTestDatabase();
    server = await new DataSource({
      type: 'postgres',
      url: template.url.replace(/[^/]*$/, 'postgres'),
    }).initialize();
  });

  afterAll(async () => {
    await server.query('drop database if exists worker_1');
    await server.destroy();
    await template.drop();
  });

  it('is a copy of one in which everything is installed', async () => {
    const open = (url: string): Promise<DataSource> =>
      new DataSource({ type: 'postgres', url, entities: [Account, Letter], synchronize: true }).initialize();
    const first = await open(template.url);
    await (await createBackstory(first)).close();
    await first.destroy();
    await server.query(`create database worker_1 template "${template.url.split('/').at(-1)}"`);
    const dataSource = await open(template.url.replace(/[^/]*$/, 'worker_1'));
    const backstory = await createBackstory(dataSource, { install: 'check' });
    const events = await eventsDuring(backstory, () => dataSource.manager.insert(Account, { id: 1 }));
    expect(events).toMatchObject([{ type: 'AccountCreated', streamPosition: 1 }]);
    await backstory.close();
    await dataSource.destroy();
  });
});
