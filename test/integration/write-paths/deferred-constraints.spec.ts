import { Item, item } from './entities.js';
import { Employee, teamEntities } from './entities-relations.js';
import { endOfLog, eventsAfter, expectNoDrift, type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const employee = 'created EmployeeCreated boss.id id mentor.id name';

/** Foreign keys, and the unique code of an Item, are checked at the end of the transaction only. */
const deferred = `
  do $$ declare found record; begin
    for found in select conrelid::regclass as table_name, conname from pg_constraint
                 where contype = 'f' and connamespace = 'public'::regnamespace loop
      execute format('alter table %s alter constraint %I deferrable initially deferred', found.table_name, found.conname);
    end loop;
    select conname into found from pg_constraint where conrelid = 'item'::regclass and contype = 'u';
    execute format('alter table item drop constraint %I, add unique (code) deferrable initially deferred', found.conname);
  end $$`;

describe('deferred constraints', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Item, Employee, ...teamEntities], deferred);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'a reference before the row that it refers to': {
      write: `insert into employee (name, "bossId") values ('x', 2); insert into employee (name) values ('boss')`,
      events: { 'employee-1': [employee], 'employee-2': [employee] },
    },
    'rows that refer to each other': {
      write: `insert into employee (name, "bossId", "mentorId") values ('x', 2, 2), ('y', 1, 1)`,
      events: { 'employee-1': [employee], 'employee-2': [employee] },
    },
    'a row deleted before those that refer to it': {
      prepare: `insert into team (name) values ('red'); insert into member (name, "teamId") values ('ann', 1)`,
      write: `delete from team; delete from member`,
      events: { 'team-1': ['deleted TeamDeleted'], 'member-1': ['deleted MemberDeleted'] },
    },
    'unique values swapped in two statements': {
      prepare: `insert into item (code, name) values ('a', 'A'), ('b', 'B')`,
      write: `update item set code = 'b' where id = 1; update item set code = 'a' where id = 2`,
      events: { 'item-1': ['updated ItemUpdated code'], 'item-2': ['updated ItemUpdated code'] },
    },
    'a row replaced by an insert before the deletion': {
      prepare: `insert into item (code, name) values ('a', 'A')`,
      write: `insert into item (code, name) values ('a', 'new'); delete from item where id = 1`,
      events: { 'item-1': ['deleted ItemDeleted'], 'item-2': [`created ItemCreated ${item}`] },
    },
  });

  it('a violation found at the commit takes all events along', async () => {
    const { dataSource } = ground;
    await ground.reset();
    const before = await endOfLog(dataSource.manager);
    const failing = dataSource.transaction(async (manager) => {
      await manager.query(`insert into employee (name, "bossId") values ('x', 99)`);
      expect(await eventsAfter(manager, before)).toEqual({ 'employee-1': [employee] });
    });
    await expect(failing).rejects.toMatchObject({ code: '23503' });
    expect(await eventsAfter(dataSource.manager, before)).toEqual({});
    await expectNoDrift(ground);
  });
});
