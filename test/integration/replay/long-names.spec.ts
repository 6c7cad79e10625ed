import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

// 40 characters and 80 bytes: PostgreSQL cuts it at 63 bytes, TypeORM hashes joined names of more than 63 characters
const long = 'ä'.repeat(40);

interface Crate {
  id: number;
  label: string | null;
  note: string | null;
  pieces?: Piece[];
}

interface Piece {
  id: number;
  size: number | null;
  crate: Crate;
}

const crates = new EntitySchema<Crate>({
  name: 'Crate',
  columns: {
    id: { type: 'integer', primary: true },
    label: { type: 'text', nullable: true },
    note: { type: 'text', nullable: true, name: long },
  },
  relations: { pieces: { type: 'one-to-many', target: 'Piece', inverseSide: 'crate' } },
});
const pieces = new EntitySchema<Piece>({
  name: 'Piece',
  columns: { id: { type: 'integer', primary: true }, size: { type: 'integer', nullable: true } },
  relations: {
    crate: { type: 'many-to-one', target: 'Crate', inverseSide: 'pieces', joinColumn: { name: long } },
  },
});
const wide = new EntitySchema<{ key: number; size: number | null }>({
  name: 'Wide',
  columns: {
    key: { type: 'integer', primary: true, name: long },
    size: { type: 'integer', nullable: true },
  },
});

describe('columns whose joined names PostgreSQL cuts, and TypeORM does not', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [crates, pieces, wide],
      synchronize: true,
    }).initialize();
    await dataSource.manager.save(crates, { id: 1, label: 'nails', note: 'dry' });
    await dataSource.manager.save(pieces, { id: 7, size: 3, crate: { id: 1 } });
    await dataSource.query(`insert into wide values (1, 5)`);
    backstory = await createBackstory(dataSource, {
      aggregates: ['all', { entity: 'Crate', owns: ['pieces'] }],
    });
    await backstory.backfill();
  });

  afterAll(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  it('are no reason to read rows, and fill no property that TypeORM leaves', async () => {
    const read = async (): Promise<unknown[]> => [
      await dataSource.manager.find(crates),
      await dataSource.manager.findOneBy(crates, { id: 1 }),
      await dataSource.manager.find(crates, { relations: { pieces: true } }),
      await dataSource.manager.find(pieces),
      await dataSource.manager.findOneBy(pieces, { id: 7 }),
      await dataSource.manager.find(pieces, { relations: { crate: true } }),
      await dataSource.manager.find(wide),
    ];
    const asRows = await read();
    for (const category of ['crate', 'wide']) await backstory.stages.set(category, 'replay', { force: true });
    await dataSource.query(`set session_replication_role = replica;
      update crate set label = 'spoilt'; update piece set size = -1; update wide set size = -1;
      set session_replication_role = origin`);
    expect(await read()).toEqual(asRows);
  });
});
