import { entity } from './entities-triggers.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const counted = (table: string, trigger: string, rows: string): string => `
  create function ${table}_counted() returns trigger language plpgsql as $$ begin
    if pg_trigger_depth() < 2 then update ${table} set amount = amount + 1 ${rows}; end if; return new; end $$;
  create trigger ${trigger} execute function ${table}_counted();`;

/** What of the application changes rows of the statement that is under way, before capture hears of that. */
const application = [
  counted('ahead', '"00_a" after insert on ahead for each row', 'where id = new.id'),
  counted('beside', 'zz after insert on beside for each row', 'where id <> new.id'),
  counted('former', 'zz before insert or update on former for each row', 'where id <> new.id'),
  counted('whole', 'zz before update on whole for each statement', 'where id = 2'),
  `create function calling() returns text language plpgsql as $$ begin
     update calling set amount = amount + 1; return '!'; end $$;
   create function taking() returns text language plpgsql as $$ begin
     delete from taking where id = 1; return '!'; end $$;
   create function back_again() returns trigger language plpgsql as $$ begin
     insert into reborn values (old.id, old.name, old.amount + 1); return null; end $$;
   create trigger "00_a" after delete on reborn for each row execute function back_again();
   create function away() returns trigger language plpgsql as $$ begin
     if pg_trigger_depth() < 2 then delete from again where id = 1 and id <> new.id; end if; return new; end $$;
   create trigger zz before insert on again for each row execute function away()`,
].join('');

const untold = (name: string): string => `created ${name}Created amount id name`;

/** The row as it was, then its change, and when capture hears of the INSERT, the row as it is by now. */
const toldLate = (name: string, changes = 1): string[] => [
  `backfill created ${name}Created amount id name`,
  ...Array.from({ length: changes }, () => `updated ${name}Updated amount`),
  `updated ${name}Created amount id name`,
];

describe('changes of rows of the statement that is under way, which capture hears of before the statement', () => {
  let ground: Ground;
  beforeAll(async () => {
    const names = ['Ahead', 'Beside', 'Former', 'Whole', 'Calling', 'Taking', 'Reborn', 'Again'];
    ground = await openGround(
      names.map((name) => entity(name)),
      application,
    );
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'AFTER INSERT FOR EACH ROW, named before those of capture': {
      write: `insert into ahead (name) values ('a'); insert into ahead (name) values ('b')`,
      events: { 'ahead-1': toldLate('Ahead'), 'ahead-2': toldLate('Ahead') },
    },
    'AFTER INSERT FOR EACH ROW, of other new rows': {
      write: `insert into beside (name) values ('a'), ('b')`,
      events: {
        'beside-1': [untold('Beside'), 'updated BesideUpdated amount'],
        'beside-2': toldLate('Beside'),
      },
    },
    'BEFORE INSERT FOR EACH ROW that deletes a row of the statement, which it then inserts again': {
      write: `insert into again (id, name) values (1, 'a'), (2, 'b'), (1, 'c')`,
      events: {
        'again-1': ['backfill created AgainCreated amount id name', 'deleted AgainDeleted', untold('Again')],
        'again-2': [untold('Again')],
      },
    },
    'AFTER INSERT FOR EACH ROW, of other new rows whose streams had ended': {
      prepare: `insert into beside (id, name) values (1, 'a'); insert into beside (id, name) values (2, 'b'); delete from beside`,
      write: `insert into beside (id, name) values (1, 'c'), (2, 'd')`,
      events: {
        'beside-1': [untold('Beside'), 'updated BesideUpdated amount'],
        'beside-2': toldLate('Beside'),
      },
    },
    'BEFORE INSERT FOR EACH ROW, of other new rows': {
      write: `insert into former (name) values ('a'), ('b'), ('c')`,
      events: {
        'former-1': toldLate('Former', 2),
        'former-2': toldLate('Former'),
        'former-3': [untold('Former')],
      },
    },
    'BEFORE UPDATE FOR EACH ROW, of rows that the statement has changed': {
      prepare: `insert into former (id, name) values (1, 'a'); insert into former (id, name) values (2, 'b')`,
      write: `update former set name = 'c' where id = 1`,
      events: {
        'former-1': ['updated FormerUpdated name'],
        'former-2': ['updated FormerUpdated amount'],
      },
    },
    'BEFORE UPDATE FOR EACH STATEMENT, beside an INSERT in the same WITH': {
      prepare: `insert into whole (id, name) values (1, 'a')`,
      write: `with i as (insert into whole (id, name) values (2, 'b') returning 1), u as (update whole set name = 'c' where id = 1 returning 1)
        select (select count(*) from i), (select count(*) from u)`,
      events: { 'whole-1': ['updated WholeUpdated name'], 'whole-2': toldLate('Whole') },
    },
    'a function that INSERT calls': {
      write: `insert into calling (name) select n || calling() from generate_series(1, 3) n`,
      events: {
        'calling-1': toldLate('Calling', 2),
        'calling-2': toldLate('Calling'),
        'calling-3': [untold('Calling')],
      },
    },
    'a function that is called behind an UPDATE': {
      prepare: `insert into calling (id, name) values (1, 'a')`,
      write: `with u as (update calling set name = 'b' returning id) select calling(), count(*) from u`,
      events: { 'calling-1': ['updated CallingUpdated amount', 'updated CallingUpdated name'] },
    },
    'AFTER DELETE FOR EACH ROW, named before those of capture, of a row in its own place': {
      prepare: `insert into reborn (id, name) values (1, 'a'); insert into reborn (id, name) values (2, 'b')`,
      write: `delete from reborn where id < 2; delete from reborn`,
      events: {
        'reborn-1': Array.from({ length: 2 }, () => 'updated RebornCreated amount id name'),
        'reborn-2': ['updated RebornCreated amount id name'],
      },
    },
    'a function that deletes what INSERT has written': {
      write: `insert into taking (id, name) select n, case when n = 2 then taking() else '' end from generate_series(1, 2) n`,
      events: {
        'taking-1': ['backfill created TakingCreated amount id name', 'deleted TakingDeleted'],
        'taking-2': [untold('Taking')],
      },
    },
  });
});
