import { setTimeout } from 'node:timers/promises';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';

const item = new EntitySchema<{ id: number; value: number }>({
  name: 'Item',
  columns: { id: { type: 'int', primary: true }, value: { type: 'int' } },
});

const rows = `insert into item select i, i from generate_series(1, 3) i`;

describe('an entity whose table is beneath another', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = await new DataSource({ type: 'postgres', url: database.url, entities: [item] }).initialize();
  });

  afterEach(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
  });

  const types = async (): Promise<string[]> => {
    const events: { stream_id: string; type: string }[] = await dataSource.query(
      `select stream_id, type from backstory.events where metadata ->> 'origin' is distinct from 'backfill'
       order by stream_id collate "C", stream_position`,
    );
    return events.map(({ stream_id, type }) => `${stream_id} ${type}`);
  };

  async function writeByTheTableAbove(): Promise<void> {
    await dataSource.query(`update whole set value = 50 where id = 1`);
    await dataSource.query(`delete from whole where id = 2`);
  }

  it.each([
    [
      'a partition',
      `create table whole (id int primary key, value int not null) partition by range (id);
       create table item partition of whole for values from (1) to (100)`,
    ],
    [
      'a partition with partitions',
      `create table whole (id int primary key, value int not null) partition by range (id);
       create table item partition of whole for values from (1) to (100) partition by range (id);
       create table item_low partition of item for values from (1) to (10)`,
    ],
    [
      'a table that inherits',
      `create table whole (id int, value int not null); create table item (primary key (id)) inherits (whole)`,
    ],
    [
      'a table whose child inherits from another, too',
      `create table whole (id int, value int not null); create table item (like whole, primary key (id));
       create table child (primary key (id)) inherits (item, whole)`,
      `insert into child select i, i from generate_series(1, 3) i`,
    ],
  ])('is captured when a statement names the one above: %s', async (_, tables, filled = rows) => {
    await dataSource.query(`${tables}; ${filled}`);
    backstory = await createBackstory(dataSource);
    await backstory.backfill();
    await writeByTheTableAbove();
    expect(await types()).toEqual(['1 ItemUpdated', '2 ItemDeleted']);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await dataSource.query(`truncate whole`);
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('is not captured beside the one above, by one application or by two', async () => {
    const whole = new EntitySchema<{ id: number; value: number }>({
      name: 'Whole',
      columns: { id: { type: 'int', primary: true }, value: { type: 'int' } },
    });
    await dataSource.query(
      `create table whole (id int primary key, value int not null); create table item (primary key (id)) inherits (whole); ${rows}`,
    );
    const both = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [item, whole],
    }).initialize();
    const refused = {
      code: 'NOT_CAPTURABLE',
      message: expect.stringContaining(
        `"public"."item" of entity "Item" is beneath "public"."whole" of entity "Whole"`,
      ),
    };
    await expect(createBackstory(both)).rejects.toMatchObject(refused);
    backstory = await createBackstory(dataSource);
    await expect(createBackstory(both, { exclude: ['Item'] })).rejects.toMatchObject(refused);
    await backstory.stages.set('item', 'off');
    const above = await createBackstory(both, { exclude: ['Item'] });
    await above.backfill({ aggregates: ['whole'] });
    await dataSource.query(`update item set value = 7`);
    expect(await above.verify()).toMatchObject({ clean: true });
    await both.destroy();
  });

  it('is captured when rows come into a partition by the partitioned table, and leave it', async () => {
    await dataSource.query(
      `create table whole (id int primary key, value int not null) partition by range (id);
       create table item partition of whole for values from (1) to (100);
       create table rest partition of whole default; ${rows}`,
    );
    backstory = await createBackstory(dataSource);
    await backstory.backfill();
    await dataSource.query(`insert into whole values (4, 4), (400, 4)`);
    await dataSource.query(`update whole set id = id + 100 where id = 1`);
    expect(await types()).toEqual(['1 ItemDeleted', '4 ItemCreated']);
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it('is named by doctor once it was put beneath another, and captured after an install', async () => {
    await dataSource.query(`create table item (id int primary key, value int not null); ${rows}`);
    backstory = await createBackstory(dataSource);
    await backstory.backfill();
    await dataSource.query(
      `create table whole (id int not null, value int not null); alter table item inherit whole`,
    );
    expect(await backstory.doctor()).toMatchObject([{ severity: 'fault', remedy: 'npx backstory install' }]);
    await backstory.install();
    expect(await backstory.doctor()).toEqual([]);
    await writeByTheTableAbove();
    expect(await types()).toEqual(['1 ItemUpdated', '2 ItemDeleted']);
    expect(await backstory.verify()).toMatchObject({ clean: true });
  });

  it.each([
    [
      'it was put beneath another, by whose name it was written',
      `create table whole (id int not null, value int not null); alter table item inherit whole;
       update whole set value = 50 where id = 1`,
    ],
    [
      'a trigger was disabled',
      `alter table item disable trigger "00_backstory_update"; update item set value = 50 where id = 1`,
    ],
    [
      'its triggers were dropped',
      `drop trigger "00_backstory_update" on item; update item set value = 50 where id = 1`,
    ],
  ])('is read from its rows after an install, until it was verified, where %s', async (_what, statements) => {
    await dataSource.query(`create table item (id int primary key, value int not null); ${rows}`);
    backstory = await createBackstory(dataSource, { stagePollMs: 10 });
    await backstory.backfill();
    await backstory.stages.set('item', 'replay', { force: true });
    const values = async (): Promise<number[]> =>
      (await dataSource.manager.find(item, { order: { id: 'asc' } })).map(({ value }) => value);
    await dataSource.query(statements);
    await backstory.install();
    expect(await values()).toEqual([50, 2, 3]);
    await expect(backstory.load('item', '1')).rejects.toThrow(/written to without triggers/);
    // nor by making the functions anew
    if (!statements.includes('inherit')) {
      await dataSource.query(`alter table item alter column value type bigint`);
      await backstory.install();
      expect((await values()).map(Number)).toEqual([50, 2, 3]);
    }
    expect(await backstory.verify()).toMatchObject({ clean: false });
    await backstory.repair();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await expect(backstory.load('item', '2')).resolves.toBeDefined();
  });

  it('is captured with the one above, and by itself no more, once it was put beneath one that is captured', async () => {
    const whole = new EntitySchema<{ id: number; value: number }>({
      name: 'Whole',
      columns: { id: { type: 'int', primary: true }, value: { type: 'int' } },
    });
    await dataSource.query(
      `create table whole (id int primary key, value int not null); create table item (id int primary key, value int not null); ${rows}`,
    );
    const both = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [item, whole],
      migrations: [
        class Inherit1700000000000 {
          up = (runner: { query: (sql: string) => Promise<unknown> }) =>
            runner.query('alter table item inherit whole');
          down = async () => {};
        },
      ],
    }).initialize();
    backstory = await createBackstory(both, { stagePollMs: 10 });
    await backstory.backfill();
    for (const category of ['item', 'whole']) await backstory.stages.set(category, 'replay', { force: true });
    const values = async (entity: EntitySchema<{ id: number; value: number }>): Promise<number[]> =>
      (await both.manager.find(entity, { order: { id: 'asc' } })).map(({ value }) => value);
    await both.runMigrations();
    await both.query(`update item set value = 7 where id = 1; update whole set value = 8 where id = 2`);
    expect(await backstory.stages.history('item')).toMatchObject([
      {},
      {},
      {
        to: 'off',
        reason: expect.stringContaining('public.item was put beneath public.whole, which is captured'),
      },
    ]);
    await setTimeout(600);
    expect(await values(item)).toEqual([7, 8, 3]);
    expect(await values(whole)).toEqual([7, 8, 3]);
    await backstory.install();
    await backstory.repair();
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await both.query(`update item set value = 9 where id = 1; update whole set value = 10 where id = 2`);
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(await values(whole)).toEqual([9, 10, 3]);
    await backstory.close();
    await both.destroy();
    backstory = await createBackstory(dataSource);
  });

  it('is refused by install where both are captured', async () => {
    const whole = new EntitySchema<{ id: number; value: number }>({
      name: 'Whole',
      columns: { id: { type: 'int', primary: true }, value: { type: 'int' } },
    });
    await dataSource.query(
      `create table whole (id int primary key, value int not null); create table item (id int primary key, value int not null); ${rows}`,
    );
    const both = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [item, whole],
    }).initialize();
    backstory = await createBackstory(both, { stagePollMs: 1_000 });
    await both.query('alter table item inherit whole');
    await expect(backstory.install()).rejects.toMatchObject({
      code: 'NOT_CAPTURABLE',
      message: expect.stringContaining('is beneath "public"."whole"'),
    });
    await both.query('update item set value = 7');
    expect(await types()).toEqual(['1 ItemUpdated', '2 ItemUpdated', '3 ItemUpdated']);
    await both.destroy();
  });

  it('is named by doctor where a trigger fires for replicas alone, and captured after an install', async () => {
    await dataSource.query(`create table item (id int primary key, value int not null); ${rows}`);
    backstory = await createBackstory(dataSource);
    await backstory.backfill();
    await dataSource.query(`alter table item enable replica trigger "00_backstory_update"`);
    expect(await backstory.doctor()).toMatchObject([
      {
        severity: 'fault',
        problem: expect.stringContaining('"00_backstory_update" of "public"."item" is disabled'),
      },
    ]);
    await backstory.install();
    expect(await backstory.doctor()).toEqual([]);
    await dataSource.query(`update item set value = 5`);
    expect(await types()).toHaveLength(3);
  });
});
