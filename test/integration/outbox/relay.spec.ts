import { setTimeout as sleep } from 'node:timers/promises';
import { type Ledger, openLedger } from './ledger.js';

describe('relays', () => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger();
  });

  afterEach(() => ledger.close());

  it('drive a publisher: checkpoint after confirmation, batches in order, repeated until it is there again', async () => {
    const { consumers } = ledger.backstory;
    const confirmed: string[] = [];
    let refusals = 2;
    consumers.relay({
      name: 'broker',
      attempts: 1,
      publisher: {
        publish: async (events) => {
          await sleep(1);
          if (refusals-- > 0) throw new Error('the broker is away');
          confirmed.push(...events.map(({ globalPosition }) => globalPosition));
        },
      },
    });
    await consumers.start();
    for (const id of [1, 2, 3]) await ledger.open(id);
    await consumers.wait('broker');
    expect([...new Set(confirmed)]).toEqual(['1', '2', '3']);
  });

  it('park what a publisher will never take, and go on with other streams', async () => {
    const { consumers } = ledger.backstory;
    const confirmed: string[] = [];
    consumers.relay({
      name: 'broker',
      attempts: 2,
      publisher: {
        publish: async (events) => {
          await sleep(1);
          if (events.some(({ streamId }) => streamId === '2')) {
            throw Object.assign(new Error('too large'), { transient: false });
          }
          confirmed.push(...events.map(({ streamId }) => streamId));
        },
      },
    });
    await ledger.dataSource.query('insert into account select n, 0 from generate_series(10, 12) n');
    await consumers.start();
    await ledger.dataSource.query('insert into account select n, 0 from generate_series(1, 3) n');
    await consumers.wait('broker');
    expect(confirmed).toEqual(['1', '3']);
    expect(await consumers.parked('broker')).toMatchObject([{ streamId: '2', error: 'Error: too large' }]);
  });
});
