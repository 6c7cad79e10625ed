import { createBackstory, type Backstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { albumAggregate, albumEntities } from '../integration/owned-parts/entities.js';

const rounds = 10;

describe('repair beside a SERIALIZABLE writer, which holds the end of a stream and then wants the row that repair has locked', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeAll(async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: albumEntities,
      synchronize: true,
    });
    await dataSource.initialize();
    backstory = await createBackstory(dataSource, { aggregates: [albumAggregate] });
    await dataSource.query(
      `insert into album (title) values ('a'); insert into track (title, "albumId") values ('t', 1)`,
    );
  });

  afterAll(async () => {
    await backstory?.close();
    await dataSource?.destroy();
    await database?.drop();
  });

  it('gives way, so that PostgreSQL ends no writer, and settles the stream afterwards', async () => {
    for (let round = 0; round < rounds; round++) {
      // behind the back of capture
      await dataSource.query(
        `begin; set local session_replication_role = replica; update album set title = 'drifted ${round}'; commit`,
      );
      const writer = dataSource.createQueryRunner();
      // it would be the writer that PostgreSQL ends: nobody else looks for a circle so soon
      await writer.query(`set deadlock_timeout = '10ms'`);
      await writer.startTransaction('SERIALIZABLE');
      await writer.query(`update track set plays = plays + 1`);
      const repair = backstory.repair();
      await rowIsLocked(dataSource);
      await writer.query(`update album set title = 'written ${round}'`);
      await writer.commitTransaction();
      await writer.query(`reset deadlock_timeout`);
      await writer.release();
      await repair;
      expect(await backstory.verify()).toMatchObject({ clean: true });
    }
  });
});

/** Until repair has the row of the album. */
async function rowIsLocked(dataSource: DataSource): Promise<void> {
  for (;;) {
    const free = await dataSource.query(`select from album for no key update skip locked`);
    if (free.length === 0) return;
  }
}
