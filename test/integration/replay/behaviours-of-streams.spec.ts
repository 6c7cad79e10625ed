import { type RecordedEvent, withEvent } from '@backstory/adapter';
import { type Bank, BankAccount, Cashier, openBank } from '../../bank/bank.js';

/** What the tests of other event-sourcing libraries ask of streams, commands, repositories and versions. */
describe('behaviours of streams', () => {
  let bank: Bank;

  beforeEach(async () => {
    bank = await openBank([{ entity: BankAccount, snapshots: 'off' }, { entity: Cashier }]);
  });

  afterEach(() => bank.close());

  const history = (id: string, options?: object): Promise<RecordedEvent[]> =>
    bank.backstory.history('bankAccount', id, options);
  const positions = async (id: string, options?: object): Promise<number[]> =>
    (await history(id, options)).map(({ streamPosition }) => streamPosition);
  const recorded = async (): Promise<number> => {
    const [{ count }] = await bank.dataSource.query('select count(*)::int as count from backstory.events');
    return count as number;
  };
  /** As nobody should do it: the store itself must refuse it. */
  const append = (...positionsOfA: number[]): Promise<unknown> =>
    bank.dataSource.query(
      `insert into backstory.events (category, stream_id, stream_position, change, type, data)
       select 'bankAccount', 'a', n, 'u', 'BankAccountUpdated', '{}' from unnest($1::int[]) n`,
      [positionsOfA],
    );
  const conflict = { code: '23505', constraint: 'events_pkey' };

  it('a write of no rows succeeds and records nothing', async () => {
    await bank.dataSource.manager.insert(BankAccount, []);
    await bank.dataSource.manager.save([]);
    await bank.deposit('nobody', 1);
    expect(await recorded()).toBe(0);
  });

  it('an unknown stream is empty, also from its end', async () => {
    expect(await history('nobody')).toEqual([]);
    expect(await history('nobody', { last: 1 })).toEqual([]);
    expect(await bank.backstory.state(BankAccount, 'nobody')).toEqual({ state: null, position: 0 });
  });

  it('an event is read back with its stream, position, type and data', async () => {
    await bank.open('a');
    expect(await history('a')).toEqual([
      {
        globalPosition: '1',
        category: 'bankAccount',
        streamId: 'a',
        streamPosition: 1,
        type: 'BankAccountCreated',
        change: 'created',
        schemaVersion: 1,
        data: { id: 'a', balance: '0.00', notes: {} },
        metadata: { origin: 'capture' },
        recordedAt: expect.any(Date),
      },
    ]);
  });

  it('the same position of a stream is a conflict, alone, in a batch with a new one, and twice in a batch; nothing of it is stored', async () => {
    await bank.open('a');
    await expect(append(1)).rejects.toMatchObject(conflict);
    await expect(append(1, 2)).rejects.toMatchObject(conflict);
    await expect(append(2, 2)).rejects.toMatchObject(conflict);
    expect(await positions('a')).toEqual([1]);
    await append(2);
    expect(await positions('a')).toEqual([1, 2]);
  });

  it('a write that breaks for one of its rows records none of them', async () => {
    await bank.open('a');
    await expect(bank.open('b', 'a')).rejects.toMatchObject({ code: '23505' });
    await expect(bank.open('c', 'c')).rejects.toMatchObject({ code: '23505' });
    expect(await recorded()).toBe(1);
    expect([await history('b'), await history('c')]).toEqual([[], []]);
  });

  it('events of one transaction are stored in order, and read in order of their positions', async () => {
    await bank.dataSource.transaction(async (manager) => {
      await manager.insert(BankAccount, { id: 'a' });
      for (const balance of ['1.00', '2.00', '3.00']) await manager.update(BankAccount, 'a', { balance });
    });
    expect(await positions('a')).toEqual([1, 2, 3, 4]);
    expect((await history('a')).map(({ data }) => data['balance'])).toEqual(['0.00', '1.00', '2.00', '3.00']);
  });

  it('the last event, the last up to a position, those behind one, and the last few', async () => {
    await bank.open('a');
    await bank.deposit('a', ...Array.from({ length: 11 }, () => 1));
    expect(await positions('a', { last: 1 })).toEqual([12]);
    expect(await positions('a', { version: 10, last: 1 })).toEqual([10]);
    expect(await positions('a', { after: 1, version: 3 })).toEqual([2, 3]);
    expect(await positions('a', { after: 9, last: 2 })).toEqual([11, 12]);
    expect(await positions('a', { after: 12 })).toEqual([]);
    expect(await positions('a', { last: 99 })).toHaveLength(12);
    for (const options of [{ last: 0 }, { last: 1.5 }, { after: -1 }]) {
      await expect(history('a', options)).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    }
  });

  it('streams do not mix, neither ids within a category nor categories with the same id', async () => {
    await bank.open('1', '11');
    await bank.dataSource.manager.insert(Cashier, { id: 1, name: 'Ada' });
    await bank.deposit('11', 5);
    expect((await history('1')).map(({ category, streamId }) => [category, streamId])).toEqual([
      ['bankAccount', '1'],
    ]);
    expect(await positions('11')).toEqual([1, 2]);
    expect(await bank.backstory.history('cashier', '1')).toMatchObject([{ category: 'cashier' }]);
    expect(await bank.backstory.history('cashier', '11')).toEqual([]);
  });

  it('a new stream begins at 1, and each write that changes something is one position more', async () => {
    await bank.open('a');
    expect(await bank.backstory.state(BankAccount, 'a')).toMatchObject({ position: 1 });
    await bank.deposit('a', 1, 0, 2);
    expect(await bank.backstory.state(BankAccount, 'a')).toMatchObject({ position: 3 });
    const times = (await history('a')).map(({ recordedAt }) => recordedAt.getTime());
    expect(times).toEqual([...times].sort((one, other) => one - other));
  });

  it('a write that the database refuses reaches the application unchanged and records nothing', async () => {
    await bank.open('a');
    await expect(bank.deposit('a', -1)).rejects.toMatchObject({ code: '23514' });
    await expect(bank.dataSource.query(`update bank_account set balance = 'much'`)).rejects.toMatchObject({
      code: '22P02',
    });
    expect(await positions('a')).toEqual([1]);
  });

  it('an error in the middle of the work leaves no event, and the position as it was', async () => {
    await bank.open('a');
    const failed = withEvent('Deposited', { aggregate: BankAccount }, () =>
      bank.dataSource.transaction(async (manager) => {
        await manager.update(BankAccount, 'a', { balance: '9.00' });
        throw new Error('out of order');
      }),
    );
    await expect(failed).rejects.toThrow('out of order');
    await bank.deposit('a', 1);
    expect((await history('a')).map(({ streamPosition, data }) => [streamPosition, data['balance']])).toEqual(
      [
        [1, '0.00'],
        [2, '1.00'],
      ],
    );
  });

  it('the id of a stream is the key that the application has given', async () => {
    const id = 'b6ad54ba-0000-5000-8000-6ba7b8109dad';
    await bank.open(id);
    expect(await history(id)).toMatchObject([{ streamId: id }]);
  });

  it('replayed instances of one version are equal and of the class; of different versions they are not', async () => {
    await bank.open('a');
    const first = await bank.backstory.load(BankAccount, 'a');
    expect(first).toBeInstanceOf(BankAccount);
    expect(first).toEqual(await bank.dataSource.manager.findOneBy(BankAccount, { id: 'a' }));
    expect(await bank.backstory.load(BankAccount, 'a')).toEqual(first);
    await bank.deposit('a', 1);
    expect(await bank.backstory.load(BankAccount, 'a')).not.toEqual(first);
    expect(await bank.backstory.load(BankAccount, 'a', { version: 1 })).toEqual(first);
  });

  it('what a caller does to an entity that it got does not reach the next one', async () => {
    await bank.open('a');
    await bank.backstory.stages.set('bankAccount', 'replay', { force: true });
    const got = await bank.dataSource.manager.findOneByOrFail(BankAccount, { id: 'a' });
    Object.assign(got, { balance: '666.00' });
    Object.assign(got.notes, { evil: true });
    for (const next of [
      await bank.dataSource.manager.findOneBy(BankAccount, { id: 'a' }),
      await bank.backstory.load(BankAccount, 'a'),
    ]) {
      expect(next).toMatchObject({ balance: '0.00', notes: {} });
      expect(next?.notes).toEqual({});
    }
  });

  it('values come back as they were: any text, nested objects, and names that a library has for itself', async () => {
    const notes = {
      text: '🐈 哈哈 "quoted" \\u0041 \\ /* */',
      nested: { list: [1, 1.5, '1', null, true, [], {}] },
      _type_: 'tuple',
      _data_: [1, 2],
      __proto: '__proto__',
    };
    await bank.dataSource.manager.insert(BankAccount, { id: '🐈', notes });
    expect((await bank.backstory.load(BankAccount, '🐈'))?.notes).toEqual(notes);
  });

  it('what is not there or was deleted is not found, and its history is still readable', async () => {
    await bank.open('a');
    expect(await bank.backstory.load(BankAccount, 'nobody')).toBeNull();
    expect(await bank.backstory.load(BankAccount, 'a')).not.toBeNull();
    await bank.dataSource.manager.delete(BankAccount, 'a');
    expect(await bank.backstory.load(BankAccount, 'a')).toBeNull();
    expect(await bank.backstory.load(BankAccount, 'a', { version: 1 })).not.toBeNull();
    expect((await history('a')).map(({ change }) => change)).toEqual(['created', 'deleted']);
  });

  it('twenty clients of one account: who reads after its own write never finds an older state', async () => {
    await bank.open('a');
    await bank.reopen([{ entity: BankAccount, snapshots: { every: 10 } }, { entity: Cashier }]);
    await bank.backstory.stages.set('bankAccount', 'replay', { force: true });
    const until = performance.now() + 3_000;
    let reads = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        while (performance.now() < until) {
          const [[{ balance }]] = await bank.dataSource.query(
            `update bank_account set balance = balance + 1 where id = 'a' returning balance`,
          );
          const read = await bank.dataSource.manager.findOneByOrFail(BankAccount, { id: 'a' });
          expect(Number(read.balance)).toBeGreaterThanOrEqual(Number(balance));
          const loaded = await bank.backstory.load(BankAccount, 'a');
          expect(Number(loaded?.balance)).toBeGreaterThanOrEqual(Number(read.balance));
          reads++;
        }
      }),
    );
    expect(reads).toBeGreaterThanOrEqual(20);
    expect(await positions('a', { last: 1 })).toEqual([reads + 1]);
  });
});
