import { WrongExpectedVersionError } from '@backstory/adapter';
import { Basket, type Depot, expectSound, Item, linesOf, NoteTaken, openDepot, Parcel } from './parcels.js';

describe('where a stream must end for events to be appended', () => {
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

  it.each([
    ['parcel', Parcel],
    ['basket', Basket],
  ] as const)('is compared: %s', async (category, entity) => {
    const { dataSource, backstory } = depot;
    await backstory.backfill();
    expect(await append(entity, 1, new NoteTaken('a'), { expectedVersion: 1 })).toMatchObject({
      position: 2,
    });
    expect(await append(entity, 1, new NoteTaken('b'), { expectedVersion: 'stream-exists' })).toMatchObject({
      position: 3,
    });
    const stale = append(entity, 1, new NoteTaken('c'), { expectedVersion: 2 });
    await expect(stale).rejects.toThrow(WrongExpectedVersionError);
    await expect(stale).rejects.toMatchObject({
      code: 'WRONG_EXPECTED_VERSION',
      stream: `${category}-1`,
      expected: 2,
      actual: 3,
    });
    await expect(
      append(entity, 1, new NoteTaken('c'), { expectedVersion: 'no-stream' }),
    ).rejects.toMatchObject({ expected: 'no-stream', actual: 3 });
    await dataSource.transaction(async (manager) => {
      const { position } = await backstory.append(manager, entity, 1, [
        new NoteTaken('d'),
        new NoteTaken('e'),
      ]);
      await backstory.append(manager, entity, 1, new NoteTaken('f'), { expectedVersion: position });
    });
    expect(await backstory.history(category, '1')).toHaveLength(6);
  });

  it('is 0 of a row without a stream, which gets its first event', async () => {
    const { backstory } = depot;
    expect(await backstory.history('parcel', '3')).toEqual([]);
    expect(await append(Parcel, 3, new NoteTaken('x'), { expectedVersion: 0 })).toMatchObject({
      position: 2,
    });
    expect(await append(Basket, 2, new NoteTaken('x'), { expectedVersion: 'no-stream' })).toMatchObject({
      position: 2,
    });
  });

  it('holds until the commit of an aggregate with parts: who was slower fails to serialize', async () => {
    const { dataSource, backstory } = depot;
    await backstory.backfill();
    const slow = dataSource.transaction(async (manager) => {
      await backstory.append(manager, Basket, 1, new NoteTaken('slow'), { expectedVersion: 1 });
      await dataSource.manager.update(Item, { id: 2 }, { quantity: 9 });
    });
    await expect(slow).rejects.toMatchObject({ code: '40001' });
    expect((await linesOf(backstory, 'basket', '1')).slice(1)).toEqual([
      '2 ItemUpdated {"items":{"2":{"quantity":9}}}',
    ]);
  });

  it('is refused where it is no position', async () => {
    for (const expectedVersion of [-1, 1.5, 'latest', Number.NaN])
      await expect(
        append(Parcel, 1, new NoteTaken('x'), { expectedVersion: expectedVersion as number }),
      ).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
  });
});
