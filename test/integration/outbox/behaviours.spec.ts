import { onEvent, type RecordedEvent } from '@backstory/adapter';
import { setTimeout as sleep } from 'node:timers/promises';
import { all, eventually, type Ledger, openLedger, Received } from './ledger.js';

/** What the tests of other event-sourcing libraries ask of tracking, subscriptions, followers and projections. */
describe('behaviours', () => {
  let ledger: Ledger;
  let received: Received;

  beforeEach(async () => {
    ledger = await openLedger();
    received = new Received();
    await ledger.dataSource.query('create table seen (position bigint primary key)');
  });

  afterEach(() => ledger.close());

  const define = (name: string, handle: (event: RecordedEvent) => unknown = received.handle): void =>
    void ledger.backstory.consumers.define({ name, from: 'beginning', handlers: [onEvent(all, handle)] });
  const wait = (name: string): Promise<void> => ledger.backstory.consumers.wait(name);
  const openAll = async (from: number, to: number): Promise<void> => {
    await ledger.dataSource.query(
      'insert into account select n, 0 from generate_series($1::int, $2::int) n',
      [from, to],
    );
  };

  it('waiting for an unknown consumer says so, for a reached position returns, for a later one times out, and can be interrupted', async () => {
    const { consumers } = ledger.backstory;
    await expect(consumers.wait('unknown', '1')).rejects.toMatchObject({ code: 'UNKNOWN_CONSUMER' });
    define('known');
    await consumers.start();
    await openAll(1, 3);
    await consumers.wait('known', '3');
    await consumers.wait('known', '1');
    await consumers.wait('known', '0');
    await expect(consumers.wait('known', '4', { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'WAIT_TIMED_OUT',
    });
    const interrupt = new AbortController();
    const waiting = consumers.wait('known', '4', { signal: interrupt.signal });
    interrupt.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow();
  });

  it('what a projection writes and its position are stored together or not at all, in both directions', async () => {
    await ledger.dataSource.query('insert into seen values (2)');
    const { consumers } = ledger.backstory;
    consumers.project({
      name: 'seen',
      attempts: 1,
      handlers: [
        onEvent(all, (event, { manager }) =>
          manager.query('insert into seen values ($1)', [event.globalPosition]),
        ),
      ],
    });
    await consumers.start();
    await openAll(1, 3);
    await wait('seen');
    expect(await consumers.parked('seen')).toMatchObject([
      { globalPosition: '2', error: expect.stringContaining('duplicate key') },
    ]);
    expect(await ledger.dataSource.query('select position from seen order by 1')).toEqual([
      { position: '1' },
      { position: '2' },
      { position: '3' },
    ]);
  });

  it('a worker whose lease was taken can not move the position, and what it wrote with it is gone', async () => {
    let entered = (): void => undefined;
    let go = (): void => undefined;
    const inside = new Promise<void>((resolve) => (entered = resolve));
    const gate = new Promise<void>((resolve) => (go = resolve));
    let first = true;
    const { consumers } = ledger.backstory;
    consumers.project({
      name: 'fenced',
      handlers: [
        onEvent(all, async (event, { manager }) => {
          await manager.query('insert into seen values ($1 + 100 * (select count(*) from seen))', [
            event.globalPosition,
          ]);
          if (!first) return;
          first = false;
          entered();
          await gate;
        }),
      ],
    });
    await consumers.start();
    await ledger.open(1);
    await inside;
    // as another worker does it when the lease has run out
    await ledger.dataSource.query(
      `update backstory.consumers set epoch = epoch + 1, owner = null, lease_until = null`,
    );
    go();
    await wait('fenced');
    expect(await ledger.dataSource.query('select position from seen')).toEqual([{ position: '1' }]);
  });

  it('positions of two consumers are independent', async () => {
    define('one');
    const { consumers } = ledger.backstory;
    await openAll(1, 2);
    await consumers.start();
    await wait('one');
    await consumers.stop();
    const other = new Received();
    define('two', other.handle);
    await consumers.start();
    await wait('two');
    expect(received.positions).toEqual(['1', '2']);
    expect(other.positions).toEqual(['1', '2']);
  });

  it('a consumer catches up, then waits, then gets what is appended later', async () => {
    await openAll(1, 3);
    define('follower');
    await ledger.backstory.consumers.start();
    await wait('follower');
    expect(received.positions).toEqual(['1', '2', '3']);
    await ledger.open(4);
    await eventually('the later event', () => received.positions.at(-1) === '4');
  });

  it('a consumer gets all of 20 batches of 100 that are appended while it reads', async () => {
    define('reader');
    await ledger.backstory.consumers.start();
    for (let batch = 0; batch < 20; batch++) await openAll(batch * 100, batch * 100 + 99);
    await wait('reader');
    expect(received.events).toHaveLength(2000);
  });

  it('ten writers of 10 000 events and two consumers: no error and no loss', async () => {
    const second = new Received();
    define('first');
    define('second', second.handle);
    await ledger.backstory.consumers.start();
    await Promise.all(
      Array.from({ length: 10 }, async (_, writer) => {
        for (let job = 0; job < 10; job++)
          await openAll(writer * 1000 + job * 100, writer * 1000 + job * 100 + 99);
      }),
    );
    await wait('first');
    await wait('second');
    for (const { events, disorder } of [received, second]) {
      expect(new Set(events.map(({ globalPosition }) => globalPosition)).size).toBe(10_000);
      expect(events).toHaveLength(10_000);
      expect(disorder).toEqual([]);
    }
  });

  it('a consumer that is stopped gets no further event, and waits neither for its next look nor for its lease', async () => {
    const slow = await ledger.instance({ consumers: { pollMs: 120_000, leaseMs: 300_000 } });
    const { consumers } = slow.backstory;
    consumers.define({ name: 'stopped', from: 'beginning', handlers: [onEvent(all, received.handle)] });
    await consumers.start();
    await ledger.open(1);
    await consumers.wait('stopped');
    // either is longer than the test may take
    await consumers.stop();
    await ledger.open(2);
    await sleep(300);
    expect(received.positions).toEqual(['1']);
  });

  it('a filter that nothing matches handles nothing, and keeps no position back', async () => {
    const { consumers } = ledger.backstory;
    consumers.define({
      name: 'none',
      from: 'beginning',
      handlers: [onEvent('NeverRecorded', received.handle)],
    });
    await consumers.start();
    await openAll(1, 50);
    await wait('none');
    expect(received.events).toEqual([]);
  });

  it('started twice it works once; handlers of one event are called in the order of their definition', async () => {
    const order: string[] = [];
    const { consumers } = ledger.backstory;
    consumers.define({
      name: 'ordered',
      handlers: ['a', 'b', 'c', 'd', 'e'].map((name) => onEvent(all, () => void order.push(name))),
    });
    await consumers.start();
    await consumers.start();
    await ledger.open(1);
    await wait('ordered');
    expect(order).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('events that arrive while others are handled accumulate and are not lost', async () => {
    define('slow', async (event) => {
      await sleep(20);
      received.handle(event);
    });
    await ledger.backstory.consumers.start();
    for (let id = 1; id <= 30; id++) await ledger.open(id);
    await wait('slow');
    expect(received.positions).toHaveLength(30);
  });

  it('a follower writes events of its own, which converge', async () => {
    define('pong', async ({ category, streamId, data }) => {
      received.handle({} as RecordedEvent);
      if (category !== 'account') return;
      const balance = Number(data['balance']);
      if (balance < 5) await ledger.pay(Number(streamId));
    });
    await ledger.backstory.consumers.start();
    await ledger.open(1);
    await eventually('the last', async () => {
      const rows: { balance: number }[] = await ledger.dataSource.query('select balance from account');
      return rows[0]?.balance === 5;
    });
    await wait('pong');
    expect(received.events).toHaveLength(6);
  });

  it('a server that closes all connections is met again: nothing hangs and nothing is lost', async () => {
    define('cut-off');
    await ledger.backstory.consumers.start();
    await ledger.open(1);
    await wait('cut-off');
    await ledger.dataSource
      .query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )
      .catch(() => undefined);
    await eventually('a connection', () =>
      ledger.open(2).then(
        () => true,
        () => false,
      ),
    );
    await eventually('the event', () => received.positions.includes('2'));
  });
});
