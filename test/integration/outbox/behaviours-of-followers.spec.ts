import { onEvent, type RecordedEvent } from '@backstory/adapter';
import type { EntityManager } from 'typeorm';
import { all, eventually, type Ledger, openLedger, Received } from './ledger.js';

/** What the tests of other event-sourcing libraries ask of followers, subscriptions that are stopped, and counting projections. */
describe('behaviours of followers', () => {
  let ledger: Ledger;
  let received: Received;

  beforeEach(async () => {
    ledger = await openLedger();
    received = new Received();
  });

  afterEach(() => ledger.close());

  const openMany = async (from: number, to: number): Promise<void> => {
    for (let id = from; id <= to; id++) await ledger.open(id);
  };
  const letters = async (): Promise<string[]> => {
    const rows: { id: string }[] = await ledger.dataSource.query('select id from letter order by id::int');
    return rows.map(({ id }) => id);
  };
  const numbers = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, n) => String(from + n));

  /** Answers each account with a letter: fails if it is asked twice, since the letter is there then. */
  const answer = ({ streamId }: RecordedEvent, { manager }: { manager: EntityManager }): Promise<unknown> =>
    manager.query('insert into letter (id, text) values ($1, $2)', [streamId, 'welcome']);

  it('one event of the leader becomes one of the follower, which again makes nothing new; the next one another', async () => {
    const { consumers } = ledger.backstory;
    consumers.project({ name: 'follower', handlers: [onEvent({ category: 'account' }, answer)] });
    await ledger.open(1);
    await consumers.start();
    await consumers.wait('follower');
    expect(await letters()).toEqual(['1']);
    expect(await ledger.backstory.history('letter', '1')).toMatchObject([
      { type: 'LetterCreated', streamPosition: 1 },
    ]);
    await consumers.stop();
    await consumers.start();
    await consumers.wait('follower');
    expect([await letters(), await consumers.parked('follower')]).toEqual([['1'], []]);
    await ledger.open(2);
    await consumers.wait('follower');
    expect([await letters(), await consumers.parked('follower')]).toEqual([['1', '2'], []]);
  });

  it('ten events of the leader: ten of the follower, and each of two others gets all ten', async () => {
    const { consumers } = ledger.backstory;
    const second = new Received();
    consumers.project({ name: 'follower', handlers: [onEvent({ category: 'account' }, answer)] });
    consumers.define({
      name: 'one',
      from: 'beginning',
      handlers: [onEvent({ category: 'account' }, received.handle)],
    });
    consumers.define({
      name: 'two',
      from: 'beginning',
      handlers: [onEvent({ category: 'account' }, second.handle)],
    });
    await consumers.start();
    await openMany(1, 10);
    for (const name of ['follower', 'one', 'two']) await consumers.wait(name);
    expect(await letters()).toEqual(numbers(1, 10));
    for (const { events } of [received, second]) {
      expect(events.map(({ streamId }) => streamId)).toEqual(numbers(1, 10));
    }
  });

  it('a follower gets what was recorded before it began and what is recorded after, once each', async () => {
    await ledger.open(1);
    const { consumers } = ledger.backstory;
    consumers.define({ name: 'late', from: 'beginning', handlers: [onEvent(all, received.handle)] });
    await consumers.start();
    await ledger.open(2);
    await consumers.wait('late');
    expect(received.positions).toEqual(['1', '2']);
  });

  it('a second subscription from a later position gets the later events only', async () => {
    await openMany(1, 3);
    const { consumers } = ledger.backstory;
    const later = new Received();
    consumers.define({ name: 'behind', from: '1', handlers: [onEvent(all, received.handle)] });
    consumers.define({ name: 'later', from: '3', handlers: [onEvent(all, later.handle)] });
    await consumers.start();
    await ledger.open(4);
    for (const name of ['behind', 'later']) await consumers.wait(name);
    expect(received.positions).toEqual(['2', '3', '4']);
    expect(later.positions).toEqual(['4']);
  });

  it('only the types that a subscription names', async () => {
    const { consumers } = ledger.backstory;
    consumers.define({
      name: 'typed',
      from: 'beginning',
      handlers: [onEvent('AccountUpdated', received.handle)],
    });
    await consumers.start();
    await openMany(1, 3);
    await ledger.pay(2);
    await consumers.wait('typed');
    expect(received.events.map(({ type, streamId }) => [type, streamId])).toEqual([['AccountUpdated', '2']]);
  });

  it('stopped before it was started, or at once: no event, and nothing hangs', async () => {
    const { consumers } = ledger.backstory;
    consumers.define({ name: 'never', from: 'beginning', handlers: [onEvent(all, received.handle)] });
    await openMany(1, 3);
    await consumers.stop();
    await Promise.all([consumers.start(), consumers.stop(), consumers.stop()]);
    const seen = received.events.length;
    await ledger.open(4);
    // a consumer that still ran would have been woken by it as well as this one
    const other = await ledger.instance();
    const watcher = new Received();
    other.backstory.consumers.define({
      name: 'watcher',
      from: 'beginning',
      handlers: [onEvent(all, watcher.handle)],
    });
    await other.backstory.consumers.start();
    await eventually('the fourth event', () => watcher.positions.includes('4'));
    expect(received.events).toHaveLength(seen);
    expect(received.positions).not.toContain('4');
  });

  it('an error of a handler is told with its own message, the position stays, and waiting for it times out', async () => {
    let broken = true;
    const warnings: string[] = [];
    const { backstory } = await ledger.instance({
      logger: { log: () => undefined, warn: (text: string) => warnings.push(text) },
    });
    const { consumers } = backstory;
    consumers.project({
      name: 'failing',
      attempts: 1000,
      handlers: [
        onEvent(all, (event) => {
          if (broken) throw new Error('the printer is on fire');
          received.handle(event);
        }),
      ],
    });
    await consumers.start();
    await ledger.open(1);
    await expect(consumers.wait('failing', '1', { timeoutMs: 300 })).rejects.toMatchObject({
      code: 'WAIT_TIMED_OUT',
    });
    await eventually('the error', async () => {
      const [status] = await consumers.list();
      return status?.error?.includes('the printer is on fire') && status.failingSince instanceof Date;
    });
    expect(await consumers.list()).toMatchObject([{ position: '0', lag: 1, parked: 0 }]);
    broken = false;
    await consumers.wait('failing');
    expect(received.positions).toEqual(['1']);
    await eventually('the end of the error', async () => {
      const [status] = await consumers.list();
      return status?.error === null && status.position === '1';
    });
  });

  it('a projection that counts says what was created and changed, each time it is waited for', async () => {
    await ledger.dataSource.query('create table tally (change text primary key, count int not null)');
    const { consumers } = ledger.backstory;
    consumers.project({
      name: 'tally',
      handlers: [
        onEvent({ category: 'account' }, ({ change }, { manager }) =>
          manager.query(
            'insert into tally values ($1, 1) on conflict (change) do update set count = tally.count + 1',
            [change],
          ),
        ),
      ],
    });
    await consumers.start();
    for (const round of [1, 2]) {
      const position = await ledger.dataSource.transaction(async (manager) => {
        await manager.query('insert into account values ($1, 0)', [round]);
        await manager.query('update account set balance = balance + 1 where id = $1', [round]);
        await manager.query('update account set balance = balance + 1 where id = $1', [round]);
        return consumers.positionOf(manager);
      });
      await consumers.wait('tally', position!);
      expect(await ledger.dataSource.query('select change, count from tally order by 1')).toEqual([
        { change: 'created', count: round },
        { change: 'updated', count: 2 * round },
      ]);
    }
  });
});
