import type { AggregateOptions, Upcasters } from '@backstory/adapter';
import { type Bank, BankAccount, Cashier, openBank } from '../../bank/bank.js';

/** Each version of the application adds one step: v2 renames and transforms, v3 and v4 give defaults to what is new. */
const steps: Upcasters['*'] = {
  1: (data) => {
    const { name: former, ...others } = data;
    return former === undefined ? data : { ...others, nick: (former as string).toUpperCase() };
  },
  2: (data) => ('id' in data ? { ...data, b: 0 } : data),
  3: (data) => ('id' in data ? { ...data, c: [] } : data),
};

const version = (schemaVersion: number): AggregateOptions[] => [
  {
    entity: Cashier,
    schemaVersion,
    snapshots: { every: 2 },
    ...(schemaVersion > 1 && {
      upcasters: {
        '*': Object.fromEntries(Object.entries(steps).filter(([from]) => Number(from) < schemaVersion)),
      },
    }),
  },
  { entity: BankAccount },
];

/** What the tests of other event-sourcing libraries ask of events and snapshots of former versions. */
describe('behaviours of upcasting', () => {
  let bank: Bank;

  afterEach(() => bank.close());

  const stateNow = async (): Promise<unknown> => (await bank.backstory.state(Cashier, '1')).state;
  const takeSnapshot = async (): Promise<void> => {
    await bank.backstory.load(Cashier, '1');
    await bank.backstory.snapshotsSettled();
  };
  const countSnapshots = async (): Promise<number> => {
    const [{ count }] = await bank.dataSource.query(
      `select count(distinct fingerprint)::int as count from backstory.snapshots where category = 'cashier'`,
    );
    return count as number;
  };
  /** Events as a version of the application wrote them. */
  const write = async (schemaVersion: number): Promise<void> => {
    const events: [position: number, code: string, type: string, data: object][] = [
      [1, 'c', 'CashierCreated', { id: 1, ...named(schemaVersion, 'ada'), ...later(schemaVersion) }],
      [2, 'u', 'CashierUpdated', named(schemaVersion, 'eve')],
    ];
    for (const [position, code, type, data] of events) {
      await bank.dataSource.query(
        `insert into backstory.events (category, stream_id, stream_position, change, type, data, schema_version)
         values ('cashier', '1', $1, $2, $3, $4, $5)`,
        [position, code, type, JSON.stringify(data), schemaVersion],
      );
    }
  };
  const named = (schemaVersion: number, name: string): object =>
    schemaVersion === 1 ? { name } : { nick: name.toUpperCase() };
  const later = (schemaVersion: number): object => ({
    ...(schemaVersion > 2 && { b: 0 }),
    ...(schemaVersion > 3 && { c: [] }),
  });

  const readAs: Record<number, object> = {
    1: { id: 1, name: 'eve' },
    2: { id: 1, nick: 'EVE' },
    3: { id: 1, nick: 'EVE', b: 0 },
    4: { id: 1, nick: 'EVE', b: 0, c: [] },
  };
  const pairs = [1, 2, 3, 4].flatMap((from) =>
    [1, 2, 3, 4].filter((to) => to >= from).map((to) => [from, to] as const),
  );

  it.each(pairs)(
    'events of version %i are read by version %i, step by step and none twice',
    async (from, to) => {
      bank = await openBank(version(from));
      await write(from);
      await bank.reopen(version(to));
      expect(await stateNow()).toEqual(readAs[to]);
      const history = await bank.backstory.history('cashier', '1');
      expect(history.map(({ schemaVersion }) => schemaVersion)).toEqual([to, to]);
      // storage is never rewritten
      expect(await bank.dataSource.query('select distinct schema_version from backstory.events')).toEqual([
        { schema_version: from },
      ]);
    },
  );

  it.each(pairs)(
    'snapshots of version %i are not used by version %i, which takes its own',
    async (from, to) => {
      bank = await openBank(version(from));
      await write(from);
      await takeSnapshot();
      expect(await countSnapshots()).toBe(1);
      await bank.reopen(version(to));
      for (let pass = 0; pass < 2; pass++) {
        expect(await stateNow()).toEqual(readAs[to]);
        await takeSnapshot();
        expect(await countSnapshots()).toBe(from === to ? 1 : 2);
      }
    },
  );

  it('own events of a version are not upcast by it', async () => {
    bank = await openBank(version(1));
    await bank.reopen(version(4));
    await bank.dataSource.manager.insert(Cashier, { id: 1, name: 'ada' });
    expect(await bank.backstory.history('cashier', '1')).toMatchObject([
      { schemaVersion: 4, data: { id: 1, name: 'ada' } },
    ]);
    expect(await stateNow()).toEqual({ id: 1, name: 'ada' });
  });

  it('events under the former names of their types, category and properties are found', async () => {
    bank = await openBank([
      { entity: Cashier, category: 'till', snapshots: { every: 2 } },
      { entity: BankAccount },
    ]);
    await bank.dataSource.query(
      `insert into backstory.events (category, stream_id, stream_position, change, type, data)
       values ('till', '1', 1, 'c', 'TillOpened', '{"id": 1, "label": "old"}'), ('till', '1', 2, 'u', 'TillLabelled', '{"label": "new"}')`,
    );
    await bank.reopen([
      {
        entity: Cashier,
        category: 'cashier',
        storedAs: 'till',
        renamed: { label: 'name' },
        renamedTypes: { TillOpened: 'CashierCreated', TillLabelled: 'CashierUpdated' },
        snapshots: { every: 2 },
      },
      { entity: BankAccount },
    ]);
    for (let pass = 0; pass < 2; pass++) {
      const cashier = await bank.backstory.load(Cashier, '1');
      expect(cashier).toBeInstanceOf(Cashier);
      expect(cashier).toEqual({ id: 1, name: 'new' });
      await bank.backstory.snapshotsSettled();
    }
    expect(
      (await bank.backstory.history('cashier', '1')).map(({ type, category }) => [type, category]),
    ).toEqual([
      ['CashierCreated', 'cashier'],
      ['CashierUpdated', 'cashier'],
    ]);
  });
});
