import { onEvent, type RecordedEvent } from '@backstory/adapter';
import { runOnce, settled } from '@backstory/adapter/testing';
import { all, type Ledger, Letter, openLedger, Received } from '../outbox/ledger.js';

describe('a consumer that is run once, by hand', () => {
  let ledger: Ledger;
  let received: Received;

  beforeEach(async () => {
    ledger = await openLedger();
    received = new Received();
  });

  afterEach(() => ledger.close());

  const positions = (events: readonly RecordedEvent[]): string[] =>
    events.map(({ globalPosition }) => globalPosition);

  it('gets what is due, also of before its first run, and says what that was', async () => {
    const { backstory } = ledger;
    backstory.consumers.define({ name: 'mailer', handlers: [onEvent('AccountUpdated', received.handle)] });
    await ledger.open(1);
    await ledger.pay(1);
    const handled = await runOnce(backstory, 'mailer');
    expect(handled.map(({ type, streamId }) => `${type} ${streamId}`)).toEqual(['AccountUpdated 1']);
    expect(received.positions).toEqual(positions(handled));
    expect(await runOnce(backstory, 'mailer')).toEqual([]);
    await ledger.pay(1);
    expect(await runOnce(backstory, 'mailer')).toHaveLength(1);
    expect(received.events).toHaveLength(2);
  });

  it('begins now, where that is said at its first run', async () => {
    const { backstory } = ledger;
    backstory.consumers.define({ name: 'mailer', handlers: [onEvent(all, received.handle)] });
    await ledger.open(1);
    expect(await runOnce(backstory, 'mailer', { from: 'now' })).toEqual([]);
    await ledger.open(2);
    expect(await runOnce(backstory, 'mailer')).toMatchObject([{ streamId: '2' }]);
  });

  it('goes through more than a page and a batch, in all partitions, in the order of the log', async () => {
    const { backstory, dataSource } = ledger;
    backstory.consumers.define({ name: 'all', partitions: 4, handlers: [onEvent(all, received.handle)] });
    await dataSource.query('insert into account (id, balance) select n, 0 from generate_series(1, 1500) n');
    await dataSource.query('update account set balance = 1');
    const handled = await runOnce(backstory, 'all');
    expect(handled).toHaveLength(3000);
    expect(positions(handled).map(Number)).toEqual(
      positions(handled)
        .map(Number)
        .sort((left, right) => left - right),
    );
    expect(received.events).toHaveLength(3000);
    expect(received.disorder).toEqual([]);
  });

  it('fails with the error of its handler, and has what it could not handle the next time', async () => {
    const { backstory } = ledger;
    const failure = new RangeError('no such address');
    let fails = true;
    const handle = (event: RecordedEvent): void => {
      if (fails && event.streamId === '2') throw failure;
      received.handle(event);
    };
    backstory.consumers.define({ name: 'mailer', handlers: [onEvent(all, handle)] });
    for (const id of [1, 2, 3]) await ledger.open(id);
    await expect(runOnce(backstory, 'mailer')).rejects.toBe(failure);
    await expect(runOnce(backstory, 'mailer')).rejects.toBe(failure);
    expect(received.events.map(({ streamId }) => streamId)).toEqual(['1']);
    expect(await backstory.consumers.parked('mailer')).toEqual([]);
    fails = false;
    expect(await runOnce(backstory, 'mailer')).toHaveLength(2);
    expect(received.events.map(({ streamId }) => streamId)).toEqual(['1', '2', '3']);
  });

  it('may be a projection, which writes all of a batch or nothing', async () => {
    const { backstory, dataSource } = ledger;
    let fails = true;
    backstory.consumers.project({
      name: 'totals',
      tables: ['totals'],
      create: (manager, tables) => manager.query(`create table ${tables['totals']} (id text)`),
      handlers: [
        onEvent('AccountCreated', async ({ streamId }, { manager, tables }) => {
          await manager.query(`insert into ${tables['totals']} values ($1)`, [streamId]);
          if (fails && streamId === '2') throw new RangeError('no');
        }),
      ],
    });
    const rows = async (): Promise<string[]> =>
      (await dataSource.query<{ id: string }[]>('select id from totals')).map(({ id }) => id);
    for (const id of [1, 2]) await ledger.open(id);
    await expect(runOnce(backstory, 'totals')).rejects.toThrow(RangeError);
    expect(await rows()).toEqual([]);
    fails = false;
    await runOnce(backstory, 'totals');
    expect(await rows()).toEqual(['1', '2']);
  });

  it('may be a relay, whose publisher is let go of', async () => {
    const published: string[] = [];
    let closed = 0;
    const { backstory } = ledger;
    backstory.consumers.relay({
      name: 'broker',
      publisher: {
        publish: (events) => Promise.resolve(void published.push(...positions(events))),
        close: () => Promise.resolve(void closed++),
      },
    });
    await ledger.open(1);
    expect(positions(await runOnce(backstory, 'broker'))).toEqual(published);
    expect(closed).toBe(1);
  });

  it('leaves what its handlers write for the next run', async () => {
    const { backstory, dataSource } = ledger;
    const write = (event: RecordedEvent): Promise<unknown> =>
      dataSource.manager.insert(Letter, { id: event.globalPosition, text: event.type });
    backstory.consumers.define({ name: 'echo', handlers: [onEvent('AccountCreated', write)] });
    backstory.consumers.define({ name: 'letters', handlers: [onEvent('LetterCreated', received.handle)] });
    await ledger.open(1);
    await runOnce(backstory, 'echo');
    const [letter] = await runOnce(backstory, 'letters');
    expect(letter?.metadata.causationId).toBe('account-1@1');
  });

  it('is refused while it runs, where it is unknown, and where something of it is parked', async () => {
    const { backstory } = ledger;
    await expect(runOnce(backstory, 'nobody')).rejects.toMatchObject({ code: 'UNKNOWN_CONSUMER' });
    const handle = (): never => {
      throw new Error('no such address');
    };
    backstory.consumers.define({ name: 'mailer', attempts: 1, handlers: [onEvent(all, handle)] });
    await backstory.consumers.start();
    await expect(runOnce(backstory, 'mailer')).rejects.toMatchObject({ code: 'CONSUMER_RUNS' });
    await ledger.open(1);
    const message = expect.stringMatching(/account-1.*no such address/s);
    await expect(settled(backstory)).rejects.toMatchObject({ code: 'EVENT_PARKED', message });
    await backstory.consumers.stop();
    await expect(runOnce(backstory, 'mailer')).rejects.toMatchObject({ code: 'EVENT_PARKED', message });
    await backstory.consumers.discardParked('mailer', {}, { reason: 'a test' });
    expect(await runOnce(backstory, 'mailer')).toEqual([]);
  });

  it('can be started afterwards, and goes on where it was', async () => {
    const { backstory } = ledger;
    backstory.consumers.define({ name: 'mailer', handlers: [onEvent(all, received.handle)] });
    await ledger.open(1);
    await runOnce(backstory, 'mailer');
    await backstory.consumers.start();
    await ledger.open(2);
    await settled(backstory);
    expect(received.events.map(({ streamId }) => streamId)).toEqual(['1', '2']);
  });
});
