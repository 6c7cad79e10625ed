import { majorVersionOfRun } from '@backstory/test/postgres';
import { Reading, Sensor, sensorTables } from './entities-sensors.js';
import { entity } from './entities-triggers.js';
import { eventsAfter, expectNoDrift, type Ground, openGround } from './ground.js';

const Watched = entity('Watched');

/** An AFTER ROW trigger of the application, which may change rows again: capture has to follow row by row. */
const prepare = `
  ${sensorTables};
  alter table watched drop constraint "PK_watched", add constraint "PK_watched" primary key (id) deferrable;
  create function watch() returns trigger language plpgsql as $$ begin
    if new.name = 'count' then update watched set name = 'counted', amount = amount + 1 where id = new.id; end if;
    return null; end $$;
  create trigger watch after insert or update on watched for each row execute function watch();
  create trigger watch after insert or update on reading for each row execute function watch_nothing()`;

/** One statement each, after which every stream must fold to its row, whatever the order of its events. */
const writes: Record<string, string> = {
  'all keys shifted up': `update watched set id = id + 1`,
  'all keys shifted down': `update watched set id = id - 1`,
  'two keys swapped': `update watched set id = 3 - id where id < 3`,
  'keys moved round': `update watched set id = id % 4 + 1`,
  'keys shifted and the rows changed': `update watched set id = id + 1, amount = id * 10`,
  'keys shifted and changed again by the trigger': `update watched set id = id + 1, name = 'count'`,
  'a key given free by a CTE and taken by another row': `with gone as (delete from watched where id = 1 returning id)
    update watched set id = gone.id from gone where watched.id = 2`,
  'a block that deletes a row and inserts it again': `do $$ begin
    delete from watched where id = 1; insert into watched (id, name, amount) values (1, 'again', 9); end $$`,
  'a block that deletes a row, inserts it again and updates it': `do $$ begin
    delete from watched where id = 1; insert into watched (id, name, amount) values (1, 'again', 9);
    update watched set amount = 10 where id = 1; end $$`,
  'a CTE that moves a row out and in again under the same key': `with gone as (delete from watched where id = 1 returning *)
    insert into watched (id, name, amount) select id, name || '!', amount from gone`,
};

/** MERGE came with PostgreSQL 15. */
const itMerges = majorVersionOfRun() < 15 ? it.skip : it;

describe('changes of keys where capture follows row by row', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround(
      [Watched, Sensor, Reading],
      `create function watch_nothing() returns trigger language plpgsql as $$ begin return null; end $$;
       do $$ declare key text; begin
         select conname into key from pg_constraint where conrelid = 'watched'::regclass and contype = 'p';
         execute format('alter table watched rename constraint %I to "PK_watched"', key);
       end $$; ${prepare}`,
    );
  });
  afterAll(() => ground.close());

  beforeEach(async () => {
    await ground.reset();
    await ground.dataSource.query(
      `insert into watched (name, amount) values ('a', 1), ('b', 2), ('c', 3), ('d', 4);
       insert into reading (id, year, value) values (1, 2024, 10), (2, 2025, 20), (200, 2025, 30)`,
    );
  });

  it.each(Object.entries(writes))('%s', async (_name, write) => {
    await ground.dataSource.query(write);
    await expectNoDrift(ground);
  });

  itMerges('MERGE that deletes a row and gives its key to another', async () => {
    await ground.dataSource.query(
      `merge into watched w using (values (1), (2)) v (id) on w.id = v.id
       when matched and v.id = 1 then delete when matched then update set id = 1`,
    );
    await expectNoDrift(ground);
  });

  it('rows that move to other partitions', async () => {
    const { manager } = ground.dataSource;
    await manager.query(`update reading set year = 1999, value = value + 1 where id in (1, 2)`);
    expect(Object.keys(await eventsAfter(manager, '0'))).toEqual(
      expect.arrayContaining(['reading-1:1999', 'reading-2:1999']),
    );
    await expectNoDrift(ground);
  });

  it('rows written directly in a partition', async () => {
    const { manager } = ground.dataSource;
    await manager.query(`insert into reading_2024 (id, year) values (9, 2024)`);
    await manager.query(`update reading_2025_low set value = 21`);
    await manager.query(`delete from reading_2025_high`);
    await manager.query(`truncate reading_2024`);
    await expectNoDrift(ground);
  });
});
