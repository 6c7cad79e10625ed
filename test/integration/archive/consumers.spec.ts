import { onEvent, type ProjectionDefinition, type RecordedEvent } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import { type Ledger, openLedger } from '../outbox/ledger.js';

describe('archived events and consumers', () => {
  let ledger: Ledger;
  const future = new Date(Date.now() + 3_600_000);

  beforeEach(async () => {
    ledger = await openLedger();
    await ledger.open(1);
    await ledger.open(2);
    for (let n = 1; n <= 25; n++) await ledger.dataSource.query('update account set balance = $1', [n]);
  });

  afterEach(() => ledger.close());

  it('a projection that is live gets nothing of it, and is rebuilt from the states', async () => {
    const { consumers } = ledger.backstory;
    consumers.project(balances());
    await consumers.start();
    await consumers.wait('balances');
    expect(await ledger.backstory.archive.move({ aggregates: ['account'], before: future })).toMatchObject([
      { streams: 2, events: 52 },
    ]);
    await ledger.dataSource.query('update account set balance = 100 where id = 2');
    await consumers.wait('balances');
    const live = await read();
    expect(live).toEqual([
      { id: '1', balance: '25', changes: 26 },
      { id: '2', balance: '100', changes: 27 },
    ]);
    await consumers.rebuild('balances');
    while (!(await consumers.rebuilt('balances'))) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await consumers.parked('balances')).toEqual([]);
    expect(await read()).toEqual([
      { id: '1', balance: '25', changes: 1 },
      { id: '2', balance: '100', changes: 2 },
    ]);
  });

  it('a handler that begins at the beginning gets a state only where it wants states', async () => {
    await ledger.backstory.archive.move({ before: future });
    await ledger.dataSource.query('update account set balance = 100 where id = 2');
    const got: Record<string, string[]> = { plain: [], whole: [] };
    const note =
      (name: string) =>
      ({ streamId, streamPosition, type }: RecordedEvent): void =>
        void got[name]!.push(`${streamId}@${streamPosition} ${type}`);
    const { consumers } = ledger.backstory;
    const all = { category: 'account' };
    consumers.define({ name: 'plain', from: 'beginning', handlers: [onEvent(all, note('plain'))] });
    consumers.define({
      name: 'whole',
      from: 'beginning',
      includeBackfill: true,
      handlers: [onEvent(all, note('whole'))],
    });
    await consumers.start();
    await consumers.wait('plain');
    await consumers.wait('whole');
    expect(got).toEqual({
      plain: ['2@27 AccountUpdated'],
      whole: ['1@26 AccountCreated', '2@26 AccountCreated', '2@27 AccountUpdated'],
    });
  });

  it('who is registered while events are moved waits for them', async () => {
    const { consumers } = ledger.backstory;
    consumers.project(balances());
    await ledger.dataSource.transaction(async (manager) => {
      await manager.query(
        `select pg_advisory_xact_lock(hashtext('backstory archive'), hashtext('backstory'))`,
      );
      const started = consumers.start();
      const first = await Promise.race([
        started.then(() => 'started'),
        new Promise((resolve) => setTimeout(resolve, 300, 'waits')),
      ]);
      expect(first).toBe('waits');
      expect(await consumers.list()).toEqual([]);
    });
    await consumers.start();
    await consumers.wait('balances');
    expect(await read()).toMatchObject([{ changes: 26 }, { changes: 26 }]);
  });

  /** Inserts, and never updates what isn't there: a state that comes twice, or not at all, shows. */
  function balances(): ProjectionDefinition<EntityManager> {
    return {
      name: 'balances',
      tables: ['balances'],
      create: (manager, tables) =>
        manager.query(
          `create table ${tables['balances']} (id text primary key, balance bigint not null, changes int not null)`,
        ),
      handlers: [
        onEvent('AccountCreated', ({ streamId, data }, { manager, tables }) =>
          manager.query(`insert into ${tables['balances']} values ($1, $2, 1)`, [streamId, data['balance']]),
        ),
        onEvent('AccountUpdated', ({ streamId, data }, { manager, tables }) =>
          manager.query(
            `update ${tables['balances']} set balance = $2, changes = changes + 1 where id = $1`,
            [streamId, data['balance']],
          ),
        ),
      ],
    };
  }

  const read = (): Promise<unknown> => ledger.dataSource.query('select * from balances order by id');
});
