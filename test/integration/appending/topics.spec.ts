import { createBackstory } from '@backstory/adapter';
import { DataSource, EntitySchema } from 'typeorm';
import { type Depot, expectSound, linesOf, NoteTaken, openDepot, Parcel } from './parcels.js';

describe('a topic', () => {
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

  it('have streams without a table', async () => {
    const { backstory } = depot;
    expect(
      await append('newsletter', 'week-12', new NoteTaken('a'), { expectedVersion: 'no-stream' }),
    ).toEqual({
      category: 'newsletter',
      streamId: 'week-12',
      position: 1,
    });
    await append('newsletter', 'week-12', [new NoteTaken('b'), new NoteTaken('c')], { expectedVersion: 1 });
    await expect(
      append('newsletter', 'week-13', new NoteTaken('x'), { expectedVersion: 'stream-exists' }),
    ).rejects.toMatchObject({ actual: 0 });
    expect(await linesOf(backstory, 'newsletter', 'week-12')).toEqual([
      '1 NoteTaken {"text":"a"}',
      '2 NoteTaken {"text":"b"}',
      '3 NoteTaken {"text":"c"}',
    ]);
    const texts = await backstory.replay(
      'newsletter',
      'week-12',
      { NoteTaken: (all: string[], { data }: { data: { text?: unknown } }) => [...all, String(data.text)] },
      { initial: [] as string[] },
    );
    expect(texts).toEqual({ state: ['a', 'b', 'c'], position: 3 });
    expect(await backstory.topics()).toEqual(['newsletter']);
  });

  it('let nobody wait: their positions are given at commit', async () => {
    const { dataSource, backstory } = depot;
    await dataSource.transaction(async (slow) => {
      await backstory.append(slow, 'newsletter', 'w', new NoteTaken('slow'));
      await append('newsletter', 'w', new NoteTaken('quick'));
    });
    expect(await linesOf(backstory, 'newsletter', 'w')).toEqual([
      '1 NoteTaken {"text":"quick"}',
      '2 NoteTaken {"text":"slow"}',
    ]);
  });

  it('are refused where it is declared nowhere, or misspelt', async () => {
    await expect(append('newsleter', 'w', new NoteTaken('x'))).rejects.toMatchObject({
      code: 'UNKNOWN_CATEGORY',
    });
    await expect(depot.backstory.history('newsleter', 'w')).rejects.toThrow(/newsletter/);
  });

  it('can’t have the name of an aggregate, nor an aggregate that of a topic', async () => {
    const { dataSource, url } = depot;
    for (const topic of ['parcel', 'Parcel', 'Item'])
      await expect(createBackstory(dataSource, { topics: [topic], schema: 'other' })).rejects.toMatchObject({
        code: 'CATEGORY_TAKEN',
      });
    await expect(createBackstory(dataSource, { topics: ['a-b'], schema: 'other' })).rejects.toMatchObject({
      code: 'INVALID_OPTIONS',
    });
    const Newsletter = new EntitySchema({
      name: 'Newsletter',
      columns: { id: { type: 'int', primary: true } },
    });
    const other = await new DataSource({
      type: 'postgres',
      url,
      entities: [Newsletter],
      synchronize: true,
    }).initialize();
    await expect(createBackstory(other)).rejects.toMatchObject({ code: 'CATEGORY_TAKEN' });
    await expect(createBackstory(other, { aggregates: [], topics: ['parcel'] })).rejects.toMatchObject({
      code: 'CATEGORY_TAKEN',
    });
    await other.destroy();
  });

  it('has to be declared before a start that changes nothing', async () => {
    const { url } = depot;
    const other = await new DataSource({ type: 'postgres', url, entities: [Parcel] }).initialize();
    const check = createBackstory(other, { install: 'check', topics: ['newsletter', 'audit'] });
    await expect(check).rejects.toMatchObject({ code: 'NOT_INSTALLED' });
    await other.destroy();
  });
});
