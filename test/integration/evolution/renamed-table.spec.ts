import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { entity } from '../write-paths/entities-triggers.js';

const writes = (table: string): string[] => [
  `update ${table} set name = 'q' where id = 1`,
  `update ${table} set id = 9 where id = 2`,
  `insert into ${table} (id, name) values (20, 'n'), (21, 'm')`,
  `update ${table} set name = 'w'`,
  `delete from ${table} where id = 3`,
  `delete from ${table} where id > 20`,
];

describe('a table that a migration has renamed behind the back of capture', () => {
  let database: TestDatabase;
  let dataSource: DataSource;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({ type: 'postgres', url: database.url, entities: [entity('Kept')] });
    await dataSource.initialize();
    await dataSource.synchronize();
    await dataSource.query(`insert into kept (id, name) values (1, 'a'), (2, 'b'), (3, 'c')`);
  });

  afterEach(async () => {
    await dataSource?.destroy();
    await database?.drop();
  });

  it.each([
    ['for each statement', ''],
    [
      'for each row',
      `create function nothing() returns trigger language plpgsql as 'begin return null; end';
       create trigger own after update on kept for each row execute function nothing()`,
    ],
  ])('is written and captured as before, %s', async (_, trigger) => {
    await dataSource.query(trigger);
    await (await createBackstory(dataSource)).close();
    // of another program, which capture can't be renewed for
    const other = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    try {
      await other.query(`alter table kept rename to moved`);
      for (const write of writes('moved')) await other.query(write);
      await other.query(`alter table moved rename to kept`);
    } finally {
      await other.destroy();
    }
    const backstory = await createBackstory(dataSource);
    try {
      expect(await backstory.verify()).toMatchObject({ clean: true });
      expect((await backstory.history('kept', '9')).length).toBe(2);
    } finally {
      await backstory.close();
    }
  });
});
