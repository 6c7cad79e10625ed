import { setTimeout as sleep } from 'node:timers/promises';
import { onEvent, type ProjectionDefinition, type RecordedEvent } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import { eventually, type Ledger, openLedger } from './ledger.js';

describe('projections', () => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger();
  });

  afterEach(() => ledger.close());

  /** Counts events by account: an event that is handled twice shows. */
  function counts(
    more: Partial<ProjectionDefinition<EntityManager>> = {},
  ): ProjectionDefinition<EntityManager> {
    return {
      name: 'counts',
      tables: ['account_counts'],
      create: (manager, tables) =>
        manager.query(`create table ${tables['account_counts']} (id text primary key, events int not null)`),
      handlers: [onEvent({ category: 'account' }, count)],
      ...more,
    };
  }

  async function count(
    { streamId }: RecordedEvent,
    { manager, tables }: { manager: EntityManager; tables: Readonly<Record<string, string>> },
  ): Promise<void> {
    await manager.query(
      `insert into ${tables['account_counts']} as c values ($1, 1) on conflict (id) do update set events = c.events + 1`,
      [streamId],
    );
  }

  const read = (): Promise<unknown> =>
    ledger.dataSource.query('select id, events from account_counts order by id');

  it('start at the beginning, first events included, and can be waited for', async () => {
    await ledger.backstory.stages.set('account', 'off');
    await ledger.open(1);
    await ledger.backstory.stages.set('account', 'capture');
    await ledger.backstory.backfill();
    const { consumers } = ledger.backstory;
    consumers.project(counts());
    await consumers.start();
    const position = await ledger.dataSource.transaction(async (manager) => {
      await manager.query('update account set balance = 1');
      return consumers.positionOf(manager);
    });
    expect(position).toBe('2');
    await consumers.wait('counts', position as string);
    expect(await read()).toEqual([{ id: '1', events: 2 }]);
  });

  it('know no position where a connection has written nothing', async () => {
    const fresh = await ledger.instance();
    expect(
      await fresh.dataSource.transaction((manager) => fresh.backstory.consumers.positionOf(manager)),
    ).toBeNull();
    expect(await fresh.backstory.consumers.lastPosition()).toBe('0');
  });

  it('write and move in one transaction: a failure leaves neither, also in the middle of a batch', async () => {
    let failures = 2;
    const { consumers } = ledger.backstory;
    for (const id of [1, 2, 3]) await ledger.open(id);
    consumers.project(
      counts({
        handlers: [
          onEvent({ category: 'account' }, async (event, delivery) => {
            await count(event, delivery);
            if (event.streamId === '2' && failures-- > 0) throw new Error('after the write');
          }),
        ],
      }),
    );
    await consumers.start();
    await consumers.wait('counts');
    expect(await read()).toEqual(['1', '2', '3'].map((id) => ({ id, events: 1 })));
  });

  it('park what breaks at commit, too', async () => {
    const { consumers } = ledger.backstory;
    for (const id of [1, 2, 3]) await ledger.open(id);
    consumers.project(
      counts({
        attempts: 2,
        create: (manager, tables) =>
          manager.query(
            `create table ${tables['account_counts']} (id text primary key, events int not null,
             other text references ${tables['account_counts']} deferrable initially deferred)`,
          ),
        handlers: [
          onEvent({ category: 'account' }, ({ streamId }, delivery) =>
            (delivery as { manager: EntityManager }).manager.query(
              `insert into account_counts_1 values ($1, 1, $2)`,
              [streamId, streamId === '2' ? 'nobody' : null],
            ),
          ),
        ],
      }),
    );
    await consumers.start();
    await consumers.wait('counts');
    expect(await read()).toEqual([
      { id: '1', events: 1 },
      { id: '3', events: 1 },
    ]);
    expect(await consumers.parked('counts')).toMatchObject([{ streamId: '2', attempts: 2 }]);
  });

  it('are rebuilt beside the live one, which is read until the new one has caught up', async () => {
    const { consumers } = ledger.backstory;
    consumers.project(counts());
    await consumers.start();
    for (const id of [1, 2, 3]) await ledger.open(id);
    await consumers.wait('counts');
    // what a faulty handler has left
    await ledger.dataSource.query('update account_counts_1 set events = 99');
    expect(await consumers.rebuild('counts')).toEqual({ live: 1, next: 2 });
    let on = true;
    // with a pause: the new one has to be as far as the live one at a moment when somebody looks
    const writing = (async () => {
      for (; on; await sleep(5)) await ledger.pay(1);
    })();
    const seen = new Set<number>();
    await eventually(
      'the change',
      async () => {
        const rows: { events: number }[] = await ledger.dataSource.query(
          `select events from account_counts where id = '2'`,
        );
        seen.add(rows[0]?.events as number);
        return consumers.rebuilt('counts');
      },
      50_000,
    ).finally(() => (on = false));
    await writing;
    await consumers.wait('counts');
    expect([...seen].every((events) => events === 99 || events === 1)).toBe(true);
    const [{ events }] = await ledger.dataSource.query<[{ events: number }]>(
      `select count(*)::int as events from backstory.events where stream_id = '1' and category = 'account'`,
    );
    expect(await read()).toEqual([
      { id: '1', events },
      { id: '2', events: 1 },
      { id: '3', events: 1 },
    ]);
    expect((await consumers.list()).map(({ name }) => name)).toEqual(['counts@2']);
    await eventually('the old table to go', async () => {
      const [row] = await ledger.dataSource.query<[{ old: string | null }]>(
        `select to_regclass('account_counts_1') as old`,
      );
      return row.old === null;
    });
  });

  it('are not rebuilt over themselves, nor when nobody knows them', async () => {
    const { consumers } = ledger.backstory;
    consumers.project({ name: 'bare', handlers: [onEvent({ categories: 'all' }, () => undefined)] });
    await consumers.start();
    await expect(consumers.rebuild('bare')).rejects.toThrow('names no tables');
    await expect(consumers.rebuild('nobody')).rejects.toMatchObject({ code: 'UNKNOWN_CONSUMER' });
  });
});
