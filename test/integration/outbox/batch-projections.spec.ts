import {
  type BatchDelivery,
  eventInstance,
  type EventHandler,
  onEventBatch,
  type ProjectionDefinition,
  type RecordedEvent,
} from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import { eventually, type Ledger, openLedger } from './ledger.js';

type Handle = (events: readonly RecordedEvent[], delivery: BatchDelivery<EntityManager>) => unknown;

class AccountUpdated {
  balance: number;
}

describe('projections of whole batches', () => {
  let ledger: Ledger;
  let batches: number[];

  beforeEach(async () => {
    ledger = await openLedger();
    batches = [];
  });

  afterEach(() => ledger.close());

  /** Counts events by account with one statement; what is done twice shows. */
  const count: Handle = async (events, { manager, tables }) => {
    batches.push(events.length);
    await manager.query(
      `insert into ${tables['batch_counts']} as c select id, count(*) from unnest($1::text[]) id group by id
       on conflict (id) do update set events = c.events + excluded.events`,
      [events.map(({ streamId }) => streamId)],
    );
  };

  const counts = (
    handle: Handle,
    more: Partial<ProjectionDefinition<EntityManager>> = {},
  ): ProjectionDefinition<EntityManager> => ({
    name: 'counts',
    tables: ['batch_counts'],
    create: (manager, tables) =>
      manager.query(`create table ${tables['batch_counts']} (id text primary key, events int not null)`),
    handlers: onEventBatch([{ category: 'account' }], handle),
    ...more,
  });

  const read = (): Promise<unknown> =>
    ledger.dataSource.query('select id, events from batch_counts order by id');

  async function project(definition: ProjectionDefinition<EntityManager>): Promise<void> {
    const { consumers } = ledger.backstory;
    consumers.project(definition);
    await consumers.start();
    await consumers.wait('counts');
  }

  it('get all that is there at once, in order, and of what they have named only', async () => {
    for (const id of [1, 2, 3]) await ledger.open(id);
    for (const amount of [1, 2]) await ledger.pay(2, amount);
    await ledger.dataSource.query(`insert into letter values ('a', '')`);
    const balances: number[] = [];
    const handle: Handle = async (events, delivery) => {
      const updates = events.filter(({ type }) => type === 'AccountUpdated');
      balances.push(...updates.map((event) => eventInstance(AccountUpdated, event).balance));
      await count(events, delivery);
    };
    await project(counts(handle, { handlers: onEventBatch([AccountUpdated, 'LetterCreated'], handle) }));
    expect(batches).toEqual([3]);
    expect(balances).toEqual([1, 3]);
    expect(await read()).toEqual([
      { id: '2', events: 2 },
      { id: 'a', events: 1 },
    ]);
  });

  it('get no more than batchSize', async () => {
    for (const id of [1, 2, 3, 4, 5]) await ledger.open(id);
    await project(counts(count, { batchSize: 2 }));
    expect(batches).toEqual([2, 2, 1]);
  });

  it('park the one that can not be handled, and what is behind it; the others are handled once', async () => {
    for (const id of [1, 2, 3]) await ledger.open(id);
    for (const id of [1, 2, 3]) await ledger.pay(id);
    await project(
      counts(
        async (events, delivery) => {
          await count(events, delivery);
          // behind the write: it has to be rolled back
          if (events.some(({ streamId }) => streamId === '2')) throw new Error('no 2');
        },
        { attempts: 2 },
      ),
    );
    expect(await read()).toEqual([
      { id: '1', events: 2 },
      { id: '3', events: 2 },
    ]);
    expect(await ledger.backstory.consumers.parked('counts')).toMatchObject([
      { streamId: '2', error: 'Error: no 2', attempts: 2 },
      { streamId: '2', error: null, attempts: 0 },
    ]);
  });

  it('park what the database refuses in the middle of a statement', async () => {
    for (const id of [1, 2, 3]) await ledger.open(id);
    await project(
      counts(count, {
        attempts: 1,
        create: (manager, tables) =>
          manager.query(
            `create table ${tables['batch_counts']} (id text primary key check (id <> '2'), events int not null)`,
          ),
      }),
    );
    expect(await read()).toEqual([
      { id: '1', events: 1 },
      { id: '3', events: 1 },
    ]);
    expect(await ledger.backstory.consumers.parked('counts')).toMatchObject([
      { streamId: '2', error: expect.stringContaining('check constraint') },
    ]);
  });

  it('wait out what goes by itself, with the batch whole', async () => {
    for (const id of [1, 2, 3]) await ledger.open(id);
    let conflicts = 2;
    await project(
      counts(async (events, delivery) => {
        await count(events, delivery);
        if (conflicts-- > 0) throw Object.assign(new Error('could not serialize'), { code: '40001' });
      }),
    );
    expect(batches).toEqual([3, 3, 3]);
    expect(await read()).toEqual(['1', '2', '3'].map((id) => ({ id, events: 1 })));
  });

  it('are rebuilt beside the live one', async () => {
    const { consumers } = ledger.backstory;
    for (const id of [1, 2]) await ledger.open(id);
    await project(counts(count));
    await ledger.dataSource.query(`update batch_counts_1 set events = 99`);
    await consumers.rebuild('counts');
    await eventually('the rebuilt one', () => consumers.rebuilt('counts'));
    expect(await read()).toEqual(['1', '2'].map((id) => ({ id, events: 1 })));
  });

  it('are refused without a selector, in a list, and for what is no projection', () => {
    const { consumers } = ledger.backstory;
    const batch = onEventBatch([{ categories: 'all' }], count);
    const misplaced = batch as unknown as EventHandler<EntityManager>[];
    expect(() => consumers.project({ name: 'x', handlers: onEventBatch([], count) })).toThrow(
      'Consumer "x" has no handlers.',
    );
    for (const define of [
      () => consumers.project({ name: 'x', handlers: [batch] as unknown as typeof batch }),
      () => consumers.define({ name: 'x', handlers: misplaced }),
    ])
      expect(define).toThrow('"x" has onEventBatch(…) where it gets one event at a time.');
  });
});
