import { onEvent } from '@backstory/adapter';
import { setTimeout as sleep } from 'node:timers/promises';
import { all, eventually, Letter, type Ledger, openLedger, Received } from './ledger.js';

class AccountUpdated {
  balance: number;
}

describe('consumers', () => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger();
  });

  afterEach(() => ledger.close());

  it('deliver typed events by class, and recorded ones by name and category', async () => {
    const typed: AccountUpdated[] = [];
    const named = new Received();
    const ofCategory = new Received();
    const { consumers } = ledger.backstory;
    consumers.define({
      name: 'kinds',
      handlers: [
        onEvent(AccountUpdated, (event) => typed.push(event)),
        onEvent('AccountCreated', named.handle),
        onEvent({ category: 'account' }, ofCategory.handle),
      ],
    });
    await consumers.start();
    await ledger.open(1);
    await ledger.pay(1, 5);
    await consumers.wait('kinds');
    expect(typed).toEqual([{ balance: 5 }]);
    expect(typed[0]).toBeInstanceOf(AccountUpdated);
    expect(named.events).toMatchObject([
      { type: 'AccountCreated', streamId: '1', metadata: { origin: 'capture' } },
    ]);
    expect(ofCategory.events.map(({ streamPosition }) => streamPosition)).toEqual([1, 2]);
  });

  it('put correlation and cause on what their handlers write', async () => {
    const { consumers } = ledger.backstory;
    consumers.define({
      name: 'letters',
      handlers: [
        onEvent('AccountCreated', async ({ streamId }) => {
          await sleep(1);
          await ledger.dataSource.manager.insert(Letter, { id: streamId, text: 'welcome' });
        }),
      ],
    });
    await consumers.start();
    await ledger.backstory.runInContext({ actor: 'anna', correlationId: 'request-7' }, () => ledger.open(1));
    await consumers.wait('letters');
    expect(await ledger.backstory.history('letter', '1')).toMatchObject([
      { metadata: { actor: 'anna', correlationId: 'request-7', causationId: 'account-1@1' } },
    ]);
  });

  it('get first events of old rows only when they ask for them', async () => {
    await ledger.backstory.stages.set('account', 'off');
    await ledger.open(1);
    await ledger.backstory.stages.set('account', 'capture');
    await ledger.backstory.backfill();
    const asked = new Received();
    const plain = new Received();
    const { consumers } = ledger.backstory;
    consumers.define({ name: 'plain', from: 'beginning', handlers: [onEvent(all, plain.handle)] });
    consumers.define({
      name: 'asked',
      from: 'beginning',
      includeBackfill: true,
      handlers: [onEvent(all, asked.handle)],
    });
    await consumers.start();
    await ledger.pay(1);
    await consumers.wait('plain');
    await consumers.wait('asked');
    expect(plain.events.map(({ type }) => type)).toEqual(['AccountUpdated']);
    expect(asked.events.map(({ metadata }) => metadata.origin)).toEqual(['backfill', 'capture']);
  });

  it('start now by default, at the beginning, or behind a position', async () => {
    for (const id of [1, 2, 3]) await ledger.open(id);
    const { consumers } = ledger.backstory;
    const received = { now: new Received(), beginning: new Received(), behind: new Received() };
    consumers.define({ name: 'now', handlers: [onEvent(all, received.now.handle)] });
    consumers.define({
      name: 'beginning',
      from: 'beginning',
      handlers: [onEvent(all, received.beginning.handle)],
    });
    consumers.define({ name: 'behind', from: '2', handlers: [onEvent(all, received.behind.handle)] });
    await consumers.start();
    await ledger.open(4);
    for (const name of ['now', 'beginning', 'behind']) await consumers.wait(name);
    expect(received.now.positions).toEqual(['4']);
    expect(received.beginning.positions).toEqual(['1', '2', '3', '4']);
    expect(received.behind.positions).toEqual(['3', '4']);
  });

  it('from now on means committed from now on, whenever the position was drawn', async () => {
    const early = ledger.dataSource.createQueryRunner();
    await early.startTransaction();
    await early.manager.query('insert into account values (1, 0)');
    await ledger.open(2);
    const received = new Received();
    const { consumers } = ledger.backstory;
    consumers.define({ name: 'now', handlers: [onEvent(all, received.handle)] });
    await consumers.start();
    await early.commitTransaction();
    await early.release();
    await consumers.wait('now');
    expect(received.events.map(({ streamId }) => streamId)).toEqual(['1']);
  });

  it('are woken at once by writes of their own process', async () => {
    const slow = await ledger.instance({ consumers: { pollMs: 20_000, leaseMs: 60_000 } });
    const received = new Received();
    slow.backstory.consumers.define({ name: 'woken', handlers: [onEvent(all, received.handle)] });
    await slow.backstory.consumers.start();
    await slow.dataSource.query('insert into account values (0, 0)');
    await eventually('the first event', () => received.events.length === 1);
    // Quiet for so long that it looks again after two and a half seconds at the earliest.
    await sleep(2_700);
    await slow.dataSource.query('insert into account values (1, 0)');
    await eventually('the event', () => received.events.length === 2, 2_000);
  });

  it('go on from their checkpoint, and see nothing twice after a stop', async () => {
    const received = new Received();
    const { consumers } = ledger.backstory;
    consumers.define({ name: 'stopped', handlers: [onEvent(all, received.handle)] });
    await consumers.start();
    await ledger.open(1);
    await consumers.wait('stopped');
    await consumers.stop();
    await ledger.open(2);
    await consumers.start();
    await consumers.wait('stopped');
    expect(received.positions).toEqual(['1', '2']);
  });

  it('refuse what they can not work with', async () => {
    const { consumers } = ledger.backstory;
    const handlers = [onEvent(all, () => undefined)];
    consumers.define({ name: 'one', handlers, partitions: 2 });
    expect(() => consumers.define({ name: 'one', handlers })).toThrow('two consumers "one"');
    expect(() => consumers.define({ name: 'a b', handlers })).toThrow('is no name');
    expect(() => consumers.define({ name: 'none', handlers: [] })).toThrow('no handlers');
    expect(() => consumers.define({ name: 'start', handlers, from: 'then' as never })).toThrow(
      'no place to start',
    );
    expect(() => consumers.define({ name: 'half', handlers, partitions: 0.5 })).toThrow('partitions: 0.5');
    await consumers.start();
    const other = await ledger.instance();
    other.backstory.consumers.define({ name: 'one', handlers, partitions: 3 });
    await expect(other.backstory.consumers.start()).rejects.toThrow('has 2 partitions, and 3 were asked for');
    await expect(consumers.wait('nobody')).rejects.toMatchObject({ code: 'UNKNOWN_CONSUMER' });
    await expect(consumers.wait('one', '999', { timeoutMs: 30 })).rejects.toMatchObject({
      code: 'WAIT_TIMED_OUT',
    });
  });

  it('say of another number of partitions from where a new name loses nothing: gaps and parked events', async () => {
    const { consumers } = ledger.backstory;
    const query = (sql: string): Promise<unknown> => ledger.dataSource.query(sql);
    const handlers = [onEvent(all, () => undefined)];
    consumers.define({ name: 'one', handlers, partitions: 2, from: 'beginning' });
    for (let id = 0; id < 9; id++) await ledger.open(id);
    await consumers.start();
    await consumers.wait('one');
    await consumers.stop();
    const other = (await ledger.instance()).backstory.consumers;
    other.define({ name: 'one', handlers, partitions: 3 });
    const from = async (): Promise<string | undefined> =>
      /from: '(\d+)'/.exec(await other.start().then(String, String))?.[1];
    expect(await from()).toBe('9');
    await query(`update backstory.consumers set position = 8 where partition = 1`);
    expect(await from()).toBe('8');
    await query(`update backstory.consumers set gaps = '[["7", "7"]]' where partition = 0`);
    expect(await from()).toBe('6');
    await query(
      `update backstory.consumers set gaps = '[["resting", "a", "1"], ["7", "7"]]', resting_gaps = '[["5", "5"]]' where partition = 0`,
    );
    expect(await from()).toBe('4');
    await query(
      `insert into backstory.parked_events (consumer, global_position, category, stream_id, attempts) values ('one', 3, 'account', '2', 1)`,
    );
    expect(await from()).toBe('2');
  });

  it('park an event that fails and those behind it; others go on; retried and discarded by decision', async () => {
    const { consumers } = ledger.backstory;
    let broken = true;
    const received = new Received();
    consumers.define({
      name: 'parking',
      attempts: 2,
      handlers: [
        onEvent({ category: 'account' }, (event) => {
          if (broken && event.streamId !== '2') throw new Error(`no ${event.streamId}`);
          received.handle(event);
        }),
      ],
    });
    await consumers.start();
    for (const id of [1, 2, 3]) await ledger.open(id);
    for (const id of [1, 2, 3]) await ledger.pay(id);
    await consumers.wait('parking');
    expect(received.events.map(({ streamId, streamPosition }) => [streamId, streamPosition])).toEqual([
      ['2', 1],
      ['2', 2],
    ]);
    expect(await consumers.parked('parking')).toMatchObject([
      { globalPosition: '1', streamId: '1', error: 'Error: no 1', attempts: 2, retry: false },
      { globalPosition: '3', streamId: '3', error: 'Error: no 3' },
      { globalPosition: '4', streamId: '1', error: null, attempts: 0 },
      { globalPosition: '6', streamId: '3', error: null },
    ]);
    // still broken: everything stays
    expect(await consumers.retryParked('parking', { limit: 1 })).toHaveLength(1);
    await eventually('the retry to fail', async () =>
      (await consumers.parked('parking')).every(({ retry }) => !retry),
    );
    expect(await consumers.parked('parking')).toHaveLength(4);
    broken = false;
    expect(
      await consumers.retryParked('parking', { category: 'account', streamId: '1', stopAt: '1' }),
    ).toHaveLength(1);
    await eventually('the first to be handled', async () => (await consumers.parked('parking')).length === 3);
    await ledger.pay(1);
    await consumers.wait('parking');
    // behind those that are still parked
    expect(
      (await consumers.parked('parking', { streamId: '1' })).map(({ globalPosition }) => globalPosition),
    ).toEqual(['4', '7']);
    await consumers.retryParked('parking', { streamId: '1' }, { by: 'anna' });
    expect(await consumers.retryParked('parking', { streamId: 'none' }, { by: 'anna' })).toEqual([]);
    await eventually(
      'the rest of its stream',
      async () => (await consumers.parked('parking', { streamId: '1' })).length === 0,
    );
    await expect(consumers.discardParked('parking', {}, { reason: '' })).rejects.toThrow('for a reason');
    expect(await consumers.discardParked('parking', {}, { reason: 'test account', by: 'anna' })).toHaveLength(
      2,
    );
    await ledger.pay(3);
    await consumers.wait('parking');
    await eventually('the freed stream', () => received.events.at(-1)?.streamId === '3');
    expect(
      received.events.filter(({ streamId }) => streamId === '1').map(({ streamPosition }) => streamPosition),
    ).toEqual([1, 2, 3]);
    expect(
      await ledger.dataSource.query('select reason, discarded_by from backstory.discarded_events'),
    ).toEqual(Array(2).fill({ reason: 'test account', discarded_by: 'anna' }));
    const requests = await ledger.dataSource.query(
      `select events, first_position, last_position, requested_by from backstory.retry_requests order by id`,
    );
    expect(requests).toEqual([
      { events: 1, first_position: '1', last_position: '1', requested_by: 'postgres' },
      { events: 1, first_position: '1', last_position: '1', requested_by: 'postgres' },
      { events: 2, first_position: '4', last_position: '7', requested_by: 'anna' },
    ]);
  });

  it('wait out what goes by itself, without parking anything', async () => {
    const { consumers } = ledger.backstory;
    let outages = 4;
    const received = new Received();
    consumers.define({
      name: 'outage',
      attempts: 1,
      handlers: [
        onEvent(all, (event) => {
          if (outages-- > 0) throw Object.assign(new Error('down'), { code: 'ECONNREFUSED' });
          received.handle(event);
        }),
      ],
    });
    await consumers.start();
    await ledger.open(1);
    await consumers.wait('outage');
    expect(received.positions).toEqual(['1']);
    expect(await consumers.parked('outage')).toEqual([]);
    expect(await consumers.list()).toMatchObject([
      { name: 'outage', error: null, lag: 0, lagSeconds: null, gaps: 0 },
    ]);
  });
});
