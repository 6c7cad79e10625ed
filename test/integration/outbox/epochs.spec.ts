import { createBackstory, onEvent, type RecordedEvent } from '@backstory/adapter';
import { Client } from 'pg';
import { all, type Ledger, eventually, openLedger, Received } from './ledger.js';

const silent = { log: () => undefined, warn: () => undefined };

describe('epochs of the log', () => {
  let ledger: Ledger;
  let received: Received;
  const clients: Client[] = [];

  beforeEach(async () => {
    ledger = await openLedger();
    received = new Received();
    await ledger.open(1);
    await ledger.open(2);
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await ledger.close();
  });

  const connect = async (): Promise<Client> => {
    const client = new Client(ledger.url);
    await client.connect();
    clients.push(client);
    return client;
  };
  const read = (name: string): void => {
    ledger.backstory.consumers.define({ name, from: 'beginning', handlers: [onEvent(all, received.handle)] });
  };
  const epochsOf = (events: readonly RecordedEvent[]): (string | undefined)[] =>
    events.map(({ epoch }) => epoch);

  it('the first has no number; events of later ones say so, and the first of each stream what was before it', async () => {
    const { consumers } = ledger.backstory;
    read('reader');
    await consumers.start();
    await ledger.pay(1);
    await consumers.wait('reader');
    expect(await consumers.epochs()).toEqual([]);
    const second = await consumers.beginEpoch();
    await ledger.pay(1);
    await ledger.pay(1);
    await ledger.open(3);
    await consumers.wait('reader');
    const third = await consumers.beginEpoch();
    await ledger.pay(1);
    await consumers.wait('reader');
    expect(BigInt(third)).toBeGreaterThan(BigInt(second));
    expect(epochsOf(received.events)).toEqual([
      undefined,
      undefined,
      undefined,
      second,
      second,
      second,
      third,
    ]);
    expect(received.events.map(({ previousEpoch }) => previousEpoch)).toEqual([
      ...[undefined, undefined, undefined],
      ...['0', undefined, '0', second],
    ]);
    expect(await consumers.epochs()).toMatchObject([
      { number: second, firstPosition: '4', survivedPosition: '3' },
      { number: third, firstPosition: '7', survivedPosition: '6' },
    ]);
    // somebody who comes later gets the same
    const later = new Received();
    consumers.define({ name: 'later', from: 'beginning', handlers: [onEvent(all, later.handle)] });
    await consumers.start();
    await consumers.wait('later');
    expect(later.events).toEqual(received.events);
  });

  it('one that begins while somebody has written waits for the end of that transaction', async () => {
    const { consumers } = ledger.backstory;
    read('reader');
    // as after a recovery: nobody has looked yet
    await ledger.dataSource.query('truncate backstory.incarnation');
    const [early, late] = [await connect(), await connect()];
    await early.query('begin');
    await early.query('insert into account values (10, 0)');
    await late.query('insert into account values (11, 0)');
    await consumers.start();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(received.events).toEqual([]);
    await early.query('commit');
    await consumers.wait('reader');
    const [epoch] = await consumers.epochs();
    expect(epoch?.firstPosition).toBe('3');
    expect(received.events.map(({ streamId, epoch: of }) => [streamId, of])).toEqual([
      ['1', undefined],
      ['2', undefined],
      ['10', epoch?.number],
      ['11', epoch?.number],
    ]);
  });

  it('a writer that notices it and is rolled back, as a whole or to a savepoint, leaves it to the next', async () => {
    await ledger.dataSource.query('truncate backstory.incarnation');
    const client = await connect();
    await client.query('begin');
    await client.query('insert into account values (10, 0)');
    await client.query('rollback');
    await client.query('begin; savepoint s');
    await client.query('insert into account values (11, 0)');
    await client.query('rollback to s');
    await client.query('insert into account values (12, 0)');
    await client.query('commit');
    const { rows } = await client.query(
      'select base::int, epoch, mark = xmin as counts from backstory.incarnation',
    );
    expect(rows).toEqual([{ base: 4, epoch: null, counts: true }]);
  });

  it('a checkpoint that is ahead of the log is an error, not a silent wait', async () => {
    const { consumers } = ledger.backstory;
    consumers.define({ name: 'ahead', from: '1000', handlers: [onEvent(all, received.handle)] });
    await expect(consumers.start()).rejects.toMatchObject({
      code: 'CHECKPOINT_AHEAD',
      message: expect.stringContaining('behind global position 1000, and the log ends at 2'),
    });
    consumers.forget('ahead');
    const warnings: string[] = [];
    const other = await ledger.instance({
      logger: { log: () => undefined, warn: (message) => warnings.push(message) },
    });
    other.backstory.consumers.define({
      name: 'known',
      from: 'beginning',
      handlers: [onEvent(all, received.handle)],
    });
    await other.backstory.consumers.start();
    await other.backstory.consumers.wait('known');
    await other.backstory.consumers.stop();
    await ledger.dataSource.query(`update backstory.consumers set position = 1000, epoch = epoch + 1`);
    await other.backstory.consumers.start();
    await eventually('it says so', () => warnings.some((warning) => /the log ends at 2/.test(warning)));
    const [remedy] = /UPDATE [^;]+;/.exec(warnings.join('\n')) ?? [];
    await ledger.dataSource.query(remedy as string);
    await ledger.pay(1);
    await other.backstory.consumers.wait('known');
    expect(received.events.length).toBe(3);
  });

  it('a worker that has read from another log than there is now begins again from the checkpoint', async () => {
    const { consumers } = ledger.backstory;
    read('reader');
    await consumers.start();
    await consumers.wait('reader');
    const number = await consumers.beginEpoch();
    await ledger.pay(1);
    await consumers.wait('reader');
    expect(received.positions).toEqual(['1', '2', '3']);
    expect(received.events.at(-1)?.epoch).toBe(number);
  });

  describe('a sequence behind the log, as after a restore without sequences', () => {
    const setBack = (): Promise<unknown> =>
      ledger.dataSource.query(`select setval('backstory.events_global_position_seq', 1, false)`);

    it('is found by doctor and by a start that only checks, and mended by install', async () => {
      await setBack();
      expect(await ledger.backstory.doctor()).toMatchObject([
        { severity: 'fault', problem: expect.stringMatching(/is at its start, behind .* 2/) },
      ]);
      await expect(
        createBackstory(ledger.dataSource, { install: 'check', logger: silent }),
      ).rejects.toMatchObject({ code: 'SEQUENCE_BEHIND' });
      await ledger.instance();
      expect(await ledger.backstory.doctor()).toEqual([]);
      await ledger.pay(1);
      const [row] = await ledger.dataSource.query(
        'select max(global_position)::int as end from backstory.events',
      );
      expect(row.end).toBe(3);
    });

    it('says so to the write that it fails, and is mended behind it', async () => {
      await setBack();
      await expect(ledger.pay(1)).rejects.toThrow(/behind the log.*npx backstory install/s);
      await eventually('a write succeeds', () =>
        ledger.pay(1).then(
          () => true,
          () => false,
        ),
      );
      expect(await ledger.backstory.doctor()).toEqual([]);
    });
  });
});
