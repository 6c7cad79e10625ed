import { Item, item } from './entities.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const three = `insert into item (code, name) values ('a', 'A'), ('b', 'B'), ('c', 'C')`;
const created = [`created ItemCreated ${item}`];
const updated = (keys: string) => [`updated ItemUpdated ${keys}`];
const deleted = ['deleted ItemDeleted'];

const routines = `
  create function rename_item(int, text) returns item language sql as
    $$ update item set name = $2 where id = $1 returning * $$;
  create function add_item(code text) returns int language plpgsql as $$
    declare found int;
    begin
      execute 'insert into item (code, name) values ($1, $1) returning id' into found using code;
      perform rename_item(found, 'renamed');
      return found;
    end $$;
  create procedure remove_item(int) language sql as $$ delete from item where id = $1 $$;
  create function try_item(code text) returns bool language plpgsql as $$
    begin
      begin
        insert into item (code, name) values (code, 'lost');
        update item set note = 'lost';
        insert into item (code, name) values (code, 'twice');
      exception when unique_violation then
        update item set note = 'kept' where item.id = 1;
        return false;
      end;
      return true;
    end $$;
  create view simple_item as select id, code, name from item where amount = 0 with local check option;
  create view joined_item as select i.id, i.code, j.name from item i join item j using (id);
  create function write_joined_item() returns trigger language plpgsql as $$
    begin
      if tg_op <> 'INSERT' then delete from item where id = old.id; end if;
      if tg_op <> 'DELETE' then insert into item (code, name) values (new.code, new.name); end if;
      return new;
    end $$;
  create trigger write instead of insert or update on joined_item
    for each row execute function write_joined_item()`;

describe('functions, procedures, blocks and views', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Item], routines);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'a DO block': {
      prepare: three,
      write: `do $$ begin
        for n in 1..2 loop insert into item (code, name) values ('n' || n, 'N'); end loop;
        update item set note = 'n' where code in ('a', 'n1');
        delete from item where code = 'b';
      end $$`,
      events: {
        'item-1': updated('note'),
        'item-2': deleted,
        'item-4': [...created, ...updated('note')],
        'item-5': created,
      },
    },
    'a function in SQL': {
      prepare: three,
      write: `select rename_item(2, 'renamed')`,
      events: { 'item-2': updated('name') },
    },
    'a function in PL/pgSQL with dynamic SQL, which calls another': {
      prepare: three,
      write: `select add_item('x')`,
      events: { 'item-4': [...created, ...updated('name')] },
    },
    'a function called for every row': {
      prepare: three,
      write: `select rename_item(id, name || '!') from item where id > 1`,
      events: { 'item-2': updated('name'), 'item-3': updated('name') },
    },
    'a procedure': {
      prepare: three,
      write: `call remove_item(3)`,
      events: { 'item-3': deleted },
    },
    'an exception that a function catches': {
      prepare: three,
      write: `select try_item('x')`,
      events: { 'item-1': updated('note') },
    },
    'an updatable view': {
      prepare: three,
      write: async (manager) => {
        await manager.query(`insert into simple_item (code, name) values ('x', 'X')`);
        await manager.query(`update simple_item set name = 'changed' where code = 'a'`);
        await manager.query(`delete from simple_item where code = 'b'`);
      },
      events: { 'item-1': updated('name'), 'item-2': deleted, 'item-4': created },
    },
    'a view with INSTEAD OF triggers': {
      prepare: three,
      write: async (manager) => {
        await manager.query(`insert into joined_item (code, name) values ('x', 'X')`);
        await manager.query(`update joined_item set name = 'changed' where code = 'a'`);
      },
      events: { 'item-1': deleted, 'item-4': created, 'item-5': created },
    },
  });
});
