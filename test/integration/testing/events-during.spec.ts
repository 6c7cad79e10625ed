import { runInContext } from '@backstory/adapter';
import { eventsDuring } from '@backstory/adapter/testing';
import { Account, type Ledger, openLedger } from '../outbox/ledger.js';

describe('the events that a block of code has recorded', () => {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await openLedger();
    await ledger.open(1);
  });

  afterEach(() => ledger.close());

  const seen = (events: readonly { type: string; streamId: string }[]): string[] =>
    events.map(({ type, streamId }) => `${type} ${streamId}`);

  it('are those that were committed meanwhile, by whatever connection, in the order of the log', async () => {
    const other = await ledger.instance();
    const events = await eventsDuring(ledger.backstory, async () => {
      await ledger.open(2);
      await other.dataSource.query('update account set balance = 5 where id = 1');
      await runInContext({ actor: 'anna' }, () => ledger.pay(2));
    });
    expect(seen(events)).toEqual(['AccountCreated 2', 'AccountUpdated 1', 'AccountUpdated 2']);
    expect(events.at(-1)?.metadata.actor).toBe('anna');
    expect(await eventsDuring(ledger.backstory, () => undefined)).toEqual([]);
  });

  it('have those of a transaction that was open before, and none of one that is open or rolled back', async () => {
    const [before, after] = [ledger, ledger].map(({ dataSource }) => dataSource.createQueryRunner());
    await before?.startTransaction();
    await before?.manager.insert(Account, { id: 7 });
    await ledger.open(3);
    const events = await eventsDuring(ledger.backstory, async () => {
      await before?.commitTransaction();
      await after?.startTransaction();
      await after?.manager.insert(Account, { id: 8 });
      await ledger.dataSource
        .transaction(async (manager) => {
          await manager.insert(Account, { id: 9 });
          throw new Error('no');
        })
        .catch(() => undefined);
      await ledger.pay(3);
    });
    await after?.rollbackTransaction();
    await Promise.all([before?.release(), after?.release()]);
    expect(seen(events)).toEqual(['AccountCreated 7', 'AccountUpdated 3']);
  });

  it('are more than a page', async () => {
    const events = await eventsDuring(ledger.backstory, () =>
      ledger.dataSource.query(
        'insert into account (id, balance) select n, 0 from generate_series(10, 2509) n',
      ),
    );
    expect(events).toHaveLength(2500);
    const positions = events.map(({ globalPosition }) => Number(globalPosition));
    expect(positions).toEqual([...positions].sort((left, right) => left - right));
  });

  it('are not told of work that has failed', async () => {
    const failing = eventsDuring(ledger.backstory, () => Promise.reject(new RangeError('no')));
    await expect(failing).rejects.toThrow(RangeError);
  });
});
