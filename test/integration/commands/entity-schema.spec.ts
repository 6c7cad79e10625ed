import { aggregate, type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

interface Crate {
  id: number;
  pieces: number;
  label: string | null;
}

const crates = new EntitySchema<Crate>({
  name: 'Crate',
  columns: {
    id: { type: 'integer', primary: true, generated: true },
    pieces: { type: 'integer', default: 0 },
    label: { type: 'text', nullable: true },
  },
});

describe('an entity that has no class', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [crates],
      synchronize: true,
    }).initialize();
    backstory = await createBackstory(dataSource, {
      aggregates: [
        aggregate(crates, {
          evolve: {
            Packed: (crate, { pieces }: { pieces: number }) =>
              void (crate.pieces = (crate.pieces ?? 0) + pieces),
            Labelled: (crate, { label }: { label: string }) => void (crate.label = label),
          },
        }),
      ],
    });
  });

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  it('is created, changed and loaded by its EntitySchema', async () => {
    const created = await backstory.create(crates, () => [
      { type: 'Packed', data: { pieces: 3 } },
      { type: 'Labelled', data: { label: 'nails' } },
    ]);
    expect(created).toEqual({ id: 1, pieces: 3, label: 'nails' });
    const packed: Crate = await backstory.handle(crates, created.id, ({ pieces }) => ({
      type: 'Packed',
      data: { pieces },
    }));
    expect(packed).toEqual({ id: 1, pieces: 6, label: 'nails' });
    expect(await dataSource.manager.find(crates)).toEqual([packed]);
    expect(await backstory.load(crates, '1')).toEqual(packed);
    const history = await backstory.history('crate', '1');
    expect(history.map(({ type }) => type)).toEqual(['Packed', 'Labelled', 'Packed']);
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });
});
