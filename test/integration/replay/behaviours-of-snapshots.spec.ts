import { type AggregateOptions, onEvent } from '@backstory/adapter';
import { type Bank, BankAccount, Cashier, openBank } from '../../bank/bank.js';

const bankWith = (snapshots: AggregateOptions['snapshots']): AggregateOptions[] => [
  { entity: BankAccount, ...(snapshots && { snapshots }) },
  { entity: Cashier, snapshots: 'off' },
];

/** What the tests of other event-sourcing libraries ask of versions with and without snapshots, and of snapshots. */
describe('behaviours of snapshots', () => {
  let bank: Bank;

  const begin = async (snapshots: AggregateOptions['snapshots']): Promise<void> => {
    bank = await openBank(bankWith(snapshots));
  };

  afterEach(() => bank.close());

  const kept = async (): Promise<string[]> => {
    await bank.backstory.snapshotsSettled();
    const rows: { stream: string; position: string }[] = await bank.dataSource.query(
      `select category || '-' || stream_id as stream, stream_position as position
       from backstory.snapshots order by 1, stream_position`,
    );
    return rows.map(({ stream, position }) => `${stream}@${position}`);
  };
  /** Spoils the states that are kept: what a load gives then comes from the snapshot if it is spoilt, too. */
  const spoil = (): Promise<unknown> =>
    bank.dataSource.query(
      `update backstory.snapshots set state = jsonb_set(state::jsonb, '{root,notes}', '{"spoilt": true}')`,
    );
  const isFromSnapshot = async (version: number): Promise<boolean> => {
    const account = await bank.backstory.load(BankAccount, 'a', { version });
    return 'spoilt' in account!.notes;
  };

  it.each<[string, AggregateOptions['snapshots']]>([
    ['without snapshots', 'off'],
    ['with snapshots', { every: 2 }],
  ])('the state at every version, and after a further event, %s', async (_, snapshots) => {
    await begin(snapshots);
    await bank.open('a');
    await bank.deposit('a', 10, 25, 30);
    for (let pass = 0; pass < 2; pass++) {
      expect(await bank.balanceAt('a')).toBe('65.00');
      const versions = [1, 2, 3, 4, 99].map((version) => bank.balanceAt('a', version));
      expect(await Promise.all(versions)).toEqual(['0.00', '10.00', '35.00', '65.00', '65.00']);
      expect(await bank.balanceAt('a', 0)).toBeUndefined();
      await bank.backstory.snapshotsSettled();
    }
    await bank.deposit('a', 10);
    expect(await bank.balanceAt('a')).toBe('75.00');
    expect(await kept()).toEqual(snapshots === 'off' ? [] : ['bankAccount-a@2', 'bankAccount-a@4']);
  });

  it('an old version is replayed from an earlier snapshot, or from the first event when there is none', async () => {
    await begin({ every: 2 });
    await bank.open('a');
    await bank.deposit('a', 10, 25, 30);
    expect(await bank.balanceAt('a', 2)).toBe('10.00');
    expect(await kept()).toEqual(['bankAccount-a@2']);
    expect(await bank.balanceAt('a')).toBe('65.00');
    expect(await kept()).toEqual(['bankAccount-a@2', 'bankAccount-a@4']);
    await spoil();
    expect(await Promise.all([1, 2, 3, 4].map(isFromSnapshot))).toEqual([false, true, true, true]);
    expect(await bank.balanceAt('a', 3)).toBe('35.00');
    await bank.dataSource.query('delete from backstory.snapshots where stream_position = 2');
    expect(await isFromSnapshot(3)).toBe(false);
  });

  it('of an interval of 5 and 13 events there are two, at 5 and at 10; of another class with 11 none', async () => {
    await begin({ every: 5 });
    await bank.open('a');
    await bank.dataSource.manager.insert(Cashier, { id: 1, name: '0' });
    for (let n = 1; n <= 12; n++) {
      await bank.deposit('a', 1);
      if (n <= 10) await bank.dataSource.manager.update(Cashier, 1, { name: String(n) });
      await bank.balanceAt('a');
      await bank.backstory.load(Cashier, '1');
      await bank.backstory.snapshotsSettled();
    }
    expect(await kept()).toEqual(['bankAccount-a@5', 'bankAccount-a@10']);
  });

  it('nobody has to read each version: a stream of 13 events that is read once has its last one', async () => {
    await begin({ every: 5 });
    await bank.open('a');
    await bank.deposit('a', ...Array.from({ length: 12 }, () => 1));
    await bank.balanceAt('a');
    expect(await kept()).toEqual(['bankAccount-a@10']);
  });

  it('where they are off, asking for them takes none and says so', async () => {
    await begin('off');
    await bank.open('a');
    await bank.deposit('a', ...Array.from({ length: 200 }, () => 1));
    expect(await bank.backstory.rebuildSnapshots({ aggregates: ['bankAccount'] })).toEqual([
      { category: 'bankAccount', removed: 0, taken: 0 },
    ]);
    expect(await bank.balanceAt('a')).toBe('200.00');
    expect(await kept()).toEqual([]);
  });

  it('they never have what is not committed, though its own transaction reads it', async () => {
    await begin({ every: 2 });
    await bank.open('a');
    await bank.backstory.stages.set('bankAccount', 'replay', { force: true });
    const rolledBack = bank.dataSource.transaction(async (manager) => {
      for (const balance of ['666.00', '667.00', '668.00']) {
        await manager.update(BankAccount, 'a', { balance });
        expect(await manager.findOneBy(BankAccount, { id: 'a' })).toMatchObject({ balance });
        // twice: by a load of one row, and of a list
        expect(await manager.find(BankAccount)).toMatchObject([{ balance }]);
      }
      // on another connection, which takes what the reads have asked for, it is not there
      expect(await kept()).toEqual([]);
      expect(await bank.backstory.rebuildSnapshots()).toMatchObject([{ taken: 0 }, { taken: 0 }]);
      throw new Error('undo');
    });
    await expect(rolledBack).rejects.toThrow('undo');
    await bank.deposit('a', 1, 2, 3);
    expect(await bank.balanceAt('a')).toBe('6.00');
    expect(await kept()).toEqual(['bankAccount-a@4']);
    expect(await bank.balanceAt('a')).toBe('6.00');
    expect(await bank.balanceAt('a', 2)).toBe('1.00');
  });

  it('a savepoint that was rolled back leaves none of its states behind', async () => {
    await begin({ every: 2 });
    await bank.open('a');
    await bank.backstory.stages.set('bankAccount', 'replay', { force: true });
    await bank.dataSource.transaction(async (manager) => {
      const undone = manager.transaction(async (inner) => {
        await inner.update(BankAccount, 'a', { balance: '666.00' });
        await inner.findOneBy(BankAccount, { id: 'a' });
        throw new Error('undo');
      });
      await expect(undone).rejects.toThrow('undo');
      await manager.update(BankAccount, 'a', { balance: '5.00' });
      expect(await manager.findOneBy(BankAccount, { id: 'a' })).toMatchObject({ balance: '5.00' });
    });
    expect(await bank.balanceAt('a')).toBe('5.00');
    await bank.backstory.snapshotsSettled();
    expect(await bank.balanceAt('a', 2)).toBe('5.00');
  });

  it('a deleted stream is not found from a snapshot either, and begins anew behind its end', async () => {
    await begin({ every: 2 });
    await bank.open('a');
    await bank.deposit('a', 1, 2);
    await bank.dataSource.manager.delete(BankAccount, 'a');
    expect(await bank.balanceAt('a')).toBeUndefined();
    expect(await kept()).toEqual(['bankAccount-a@4']);
    expect(await bank.balanceAt('a')).toBeUndefined();
    await bank.open('a');
    await bank.deposit('a', 7);
    expect(await bank.balanceAt('a')).toBe('7.00');
    expect(await bank.balanceAt('a', 3)).toBe('3.00');
    expect(await kept()).toContain('bankAccount-a@6');
    expect(await bank.balanceAt('a')).toBe('7.00');
  });

  it('they are no events: consumers and the history never see one', async () => {
    await begin({ every: 2 });
    const seen: string[] = [];
    const { consumers } = bank.backstory;
    consumers.define({
      name: 'log',
      from: 'beginning',
      handlers: [onEvent({ categories: 'all' }, ({ type }) => void seen.push(type))],
    });
    await consumers.start();
    await bank.open('a');
    await bank.deposit('a', 1, 2, 3);
    await bank.balanceAt('a');
    expect(await kept()).toEqual(['bankAccount-a@4']);
    await consumers.wait('log');
    await consumers.stop();
    const four = ['BankAccountCreated', ...Array.from({ length: 3 }, () => 'BankAccountUpdated')];
    expect(seen).toEqual(four);
    expect((await bank.backstory.history('bankAccount', 'a')).map(({ type }) => type)).toEqual(four);
  });
});
