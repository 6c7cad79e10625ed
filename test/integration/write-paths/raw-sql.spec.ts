import { Item, item } from './entities.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const three = `insert into item (code, name) values ('a', 'A'), ('b', 'B'), ('c', 'C')`;
const created = [`created ItemCreated ${item}`];
const updated = (keys: string) => [`updated ItemUpdated ${keys}`];
const deleted = ['deleted ItemDeleted'];

describe('raw SQL', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Item]);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'query() with parameters': {
      prepare: three,
      write: async (manager) => {
        await manager.query(`insert into item (code, name) values ($1, $2)`, ['x', 'X']);
        await manager.query(`update item set note = $1 where code = $2`, ['n', 'b']);
        await manager.query(`delete from item where code = $1`, ['a']);
      },
      events: { 'item-1': deleted, 'item-2': updated('note'), 'item-4': created },
    },
    'several statements in one query': {
      prepare: three,
      write: `insert into item (code, name) values ('x', 'X'); update item set note = 'n' where code = 'x'; delete from item where code = 'a'`,
      events: { 'item-1': deleted, 'item-4': [...created, ...updated('note')] },
    },
    'INSERT … SELECT': {
      prepare: three,
      write: `insert into item (code, name) select code || '!', name from item where id < 3 order by id`,
      events: { 'item-4': created, 'item-5': created },
    },
    'INSERT … ON CONFLICT DO UPDATE with a condition': {
      prepare: three,
      write: `insert into item (code, name) values ('a', 'new'), ('b', 'new'), ('x', 'new')
              on conflict (code) do update set name = excluded.name where item.code <> 'b'`,
      events: { 'item-1': updated('name'), 'item-6': created },
    },
    'UPDATE … FROM': {
      prepare: three,
      write: `update item set note = v.note from (values ('a', 'x'), ('c', 'y'), ('z', 'z')) v (code, note) where item.code = v.code`,
      events: { 'item-1': updated('note'), 'item-3': updated('note') },
    },
    'DELETE … USING': {
      prepare: three,
      write: `delete from item using (values ('a'), ('b')) v (code) where item.code = v.code`,
      events: { 'item-1': deleted, 'item-2': deleted },
    },
    'a chain of data-modifying CTEs on one table': {
      prepare: three,
      write: `with gone as (delete from item where code = 'a' returning name),
                   changed as (update item set note = 'n' where code = 'b' returning id)
              insert into item (code, name) select 'x', name from gone, changed`,
      events: { 'item-1': deleted, 'item-2': updated('note'), 'item-4': created },
    },
    'two CTEs that update different rows of one table': {
      prepare: three,
      write: `with one as (update item set note = 'n' where code = 'a' returning id),
                   two as (update item set amount = 2 where code = 'b' returning id)
              select * from one, two`,
      events: { 'item-1': updated('note'), 'item-2': updated('amount') },
    },
    'a CTE that moves a row out and in again under the same key': {
      prepare: three,
      write: `with gone as (delete from item where code = 'a' returning *)
              insert into item (id, code, name) select id, code, name || '!' from gone`,
      events: { 'item-1': [...deleted, ...created] },
    },
    'MERGE with all three outcomes': {
      since: 15,
      prepare: three,
      write: `merge into item t using (values ('a', 'A2'), ('b', null), ('x', 'X')) v (code, name) on t.code = v.code
              when matched and v.name is null then delete
              when matched then update set name = v.name
              when not matched then insert (code, name) values (v.code, v.name)`,
      events: { 'item-1': updated('name'), 'item-2': deleted, 'item-4': created },
    },
    'MERGE that deletes a row and gives its key to another': {
      since: 15,
      prepare: three,
      write: `merge into item t using (values (1, 1), (2, 2)) v (position, id) on t.id = v.id
              when matched and v.id = 1 then delete
              when matched then update set id = 1, note = 'moved'`,
      events: { 'item-1': [...deleted, ...created], 'item-2': deleted },
    },
    'a CTE that deletes a row, whose key another row then takes': {
      prepare: three,
      write: `with gone as (delete from item where id = 1 returning id)
              update item set id = gone.id from gone where item.id = 2`,
      events: { 'item-1': [...deleted, ...created], 'item-2': deleted },
    },
    'COPY FROM': {
      prepare: three,
      write: `copy item (code, name) from program 'printf "x\\tX\\ny\\tY\\n"'`,
      events: { 'item-4': created, 'item-5': created },
    },
    'a cursor, with WHERE CURRENT OF': {
      prepare: three,
      write: `do $$
        declare c cursor for select * from item where id < 3 order by id for update;
        begin
          for found in c loop
            if found.id = 1 then update item set note = 'n' where current of c;
            else delete from item where current of c; end if;
          end loop;
        end $$`,
      events: { 'item-1': updated('note'), 'item-2': deleted },
    },
    'no event for SELECT FOR UPDATE, nor for statements without rows': {
      prepare: three,
      write: `select * from item for update; update item set name = 'x' where false; delete from item where false;
              insert into item (code, name) select 'x', 'X' where false; update item set name = name, note = null`,
      events: {},
    },
  });
});
