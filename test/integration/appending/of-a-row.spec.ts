import { AggregateNotFoundError, createBackstory } from '@backstory/adapter';
import {
  Basket,
  type Depot,
  expectSound,
  Item,
  linesOf,
  NoteTaken,
  openDepot,
  Parcel,
  ReminderSent,
  Seat,
} from './parcels.js';

describe('events of the application’s own, of a row', () => {
  let depot: Depot;
  let append: Depot['append'];

  beforeEach(async () => {
    depot = await openDepot();
    ({ append } = depot);
  });

  afterEach(async () => {
    await expectSound(depot);
    await depot.close();
  });

  it('stand in the order of its stream, behind the first event of a row that had none', async () => {
    const { dataSource, backstory } = depot;
    const appended = await dataSource.transaction(async (manager) => {
      await backstory.append(manager, Parcel, 1, new ReminderSent({ channel: 'sms' }));
      await manager.update(Parcel, { id: 1 }, { status: 'sent' });
      return backstory.append(manager, 'parcel', '1', [
        new NoteTaken('one'),
        { type: 'NoteTaken', data: { text: 'two' } },
        { type: 'DoorOpened' },
      ]);
    });
    expect(appended).toEqual({ category: 'parcel', streamId: '1', position: 6 });
    expect(await linesOf(backstory, 'parcel', '1')).toEqual([
      '1 ParcelCreated {"id":1,"status":"packed","email":"p1@example.com"}',
      '2 ReminderSent {"channel":"sms"}',
      '3 ParcelUpdated {"status":"sent"}',
      '4 NoteTaken {"text":"one"}',
      '5 NoteTaken {"text":"two"}',
      '6 DoorOpened {}',
    ]);
    const [first, second] = await backstory.history('parcel', '1');
    expect(first).toMatchObject({ change: 'created', metadata: { origin: 'backfill' } });
    expect(second).toMatchObject({ change: 'none', metadata: { origin: 'append' } });
  });

  it('have their positions at once in an aggregate of one row, and at commit in one with parts', async () => {
    const { dataSource, backstory } = depot;
    await backstory.backfill();
    await dataSource.transaction(async (slow) => {
      await backstory.append(slow, Basket, 1, new NoteTaken('first'));
      await dataSource.transaction(async (quick) => {
        await quick.update(Item, { id: 2 }, { quantity: 5 });
        expect(await backstory.append(quick, Basket, 1, new NoteTaken('second'))).toMatchObject({
          position: 3,
        });
      });
      expect(await backstory.append(slow, Basket, 1, new NoteTaken('third'))).toMatchObject({
        position: 5,
      });
    });
    expect((await linesOf(backstory, 'basket', '1')).slice(1)).toEqual([
      '2 ItemUpdated {"items":{"2":{"quantity":5}}}',
      '3 NoteTaken {"text":"second"}',
      '4 NoteTaken {"text":"first"}',
      '5 NoteTaken {"text":"third"}',
    ]);
  });

  it('find a row by a key of two columns, and only by the key as events have it', async () => {
    await append(Seat, 'a%3Ab:7', new NoteTaken('aisle'));
    expect((await linesOf(depot.backstory, 'seat', 'a%3Ab:7')).at(-1)).toBe('2 NoteTaken {"text":"aisle"}');
    for (const id of ['c:08', 'c', '9'])
      await expect(append(Seat, id, new NoteTaken('none'))).rejects.toThrow(AggregateNotFoundError);
    await expect(append(Parcel, '01', new NoteTaken('none'))).rejects.toThrow(AggregateNotFoundError);
  });

  it('are refused where there is neither row nor stream', async () => {
    for (const id of ['99', 'abc', '99999999999999'])
      await expect(append(Parcel, id, new NoteTaken('none'))).rejects.toMatchObject({
        code: 'AGGREGATE_NOT_FOUND',
        category: 'parcel',
        streamId: id,
      });
    await expect(append(Basket, 99, new NoteTaken('none'))).rejects.toThrow(AggregateNotFoundError);
  });

  it('leave the transaction usable that they were refused in', async () => {
    const { dataSource, backstory } = depot;
    await dataSource.transaction(async (manager) => {
      await backstory.append(manager, Parcel, 99, new NoteTaken('none')).catch(() => undefined);
      await backstory
        .append(manager, Parcel, 1, new NoteTaken('none'), { expectedVersion: 7 })
        .catch(() => undefined);
      await manager.update(Parcel, { id: 1 }, { status: 'sent' });
    });
    expect(await dataSource.getRepository(Parcel).findOneBy({ id: 1 })).toMatchObject({ status: 'sent' });
  });

  it('may follow its deletion, and it stays deleted, also when the key comes back', async () => {
    const { dataSource, backstory } = depot;
    for (const [entity, category] of [
      [Parcel, 'parcel'],
      [Basket, 'basket'],
    ] as const) {
      await dataSource.manager.delete(entity, { id: 2 });
      await append(entity, 2, { type: 'RefundSent', data: { id: 5, amount: '3.00' } });
      expect((await linesOf(backstory, category, '2')).at(-1)).toContain(
        'RefundSent {"id":5,"amount":"3.00"}',
      );
      expect(await backstory.load<object>(entity, '2')).toBeNull();
      expect((await backstory.state(entity, '2')).state).toBeNull();
      expect(await backstory.verify()).toMatchObject({ unseen: [] });
      await dataSource.manager.insert(entity, { id: 2 });
      await append(entity, 2, new NoteTaken('again'));
      expect(await backstory.load<object>(entity, '2')).toMatchObject({ id: 2 });
    }
  });

  it('of a row that this transaction has inserted, updated or deleted, in its order', async () => {
    const { dataSource, backstory } = depot;
    await dataSource.transaction(async (manager) => {
      await manager.insert(Parcel, { id: 7 });
      await backstory.append(manager, Parcel, 7, new NoteTaken('new'));
      await manager.delete(Parcel, { id: 7 });
    });
    expect((await backstory.history('parcel', '7')).map(({ change }) => change)).toEqual([
      'created',
      'none',
      'deleted',
    ]);
  });

  it('with names of properties and parts in their data change nothing', async () => {
    const { backstory } = depot;
    await backstory.backfill();
    const misleading = { id: 8, note: 'forged', items: { 1: null, 2: { quantity: 99 } }, status: 'forged' };
    await append(Basket, 1, { type: 'NoteTaken', data: misleading });
    await append(Basket, 1, { type: 'NoteTaken', data: { items: [1, 2], note: null } });
    await append(Parcel, 1, { type: 'NoteTaken', data: misleading });
    expect(await backstory.load(Basket, '1')).toMatchObject({
      note: '',
      items: [{ quantity: 1 }, { quantity: 1 }],
    });
    expect(await backstory.load(Parcel, '1')).toMatchObject({ id: 1, status: 'packed' });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await backstory.verify({ streamIds: ['1'], aggregates: ['basket'] })).toMatchObject({
      clean: true,
    });
  });

  it('are refused under the names that capture gives, whoever has a rule for them', async () => {
    for (const type of ['ParcelUpdated', 'ParcelCreated', 'ParcelDeleted', 'ParcelErased', 'ParcelCorrected'])
      await expect(append(Parcel, 1, { type })).rejects.toMatchObject({ code: 'APPEND_REFUSED' });
    await expect(append(Basket, 1, { type: 'ItemUpdated' })).rejects.toMatchObject({
      code: 'APPEND_REFUSED',
    });
    await append(Parcel, 1, { type: 'ItemUpdated' });
    await depot.backstory.close();
    depot.backstory.close = () => Promise.resolve();
    const aggregates = [
      { entity: Parcel, events: [{ type: 'ParcelSent', when: { became: { status: 'sent' } } }] },
    ];
    const ruled = await createBackstory(depot.dataSource, { aggregates });
    await expect(append(Parcel, 1, { type: 'ParcelSent' })).rejects.toMatchObject({ code: 'APPEND_REFUSED' });
    await ruled.close();
  });

  it('are refused while it is not captured', async () => {
    await depot.backstory.stages.set('seat', 'off', { force: true });
    await expect(append(Seat, 'c:8', new NoteTaken('x'))).rejects.toThrow(
      /"seat" is not captured at present/,
    );
    await depot.backstory.stages.set('seat', 'capture');
  });

  it('are refused of a part, which has no stream of its own', async () => {
    await expect(append(Item, 1, new NoteTaken('x'))).rejects.toThrow(/"items" of the aggregate "basket"/);
  });
});
