import { EntitySchema } from 'typeorm';
import { Item, item, Seat, seat } from './entities.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const three = `insert into item (code, name) values ('a', 'A'), ('b', 'B'), ('c', 'C')`;
const created = `created ItemCreated ${item}`;
const updated = (keys: string) => `updated ItemUpdated ${keys}`;
const deleted = 'deleted ItemDeleted';
const seats = `insert into seat (row, number, guest) values ('a', 1, 'ann'), ('a', 2, 'bob'), ('b', 1, null)`;

/** Its keys are equal to PostgreSQL in more than one form, and each form is a stream. */
const Weight = new EntitySchema({
  name: 'Weight',
  columns: { amount: { type: 'numeric', primary: true }, label: { type: 'text', nullable: true } },
});

/** Keys may be changed in one statement however they meet on the way. */
const deferrable = `
  do $$ declare key record; begin
    for key in select conrelid::regclass as table_name, conname, pg_get_constraintdef(oid) as definition
               from pg_constraint where contype in ('p', 'u') and connamespace = 'public'::regnamespace loop
      execute format('alter table %s drop constraint %I, add constraint %2$I %s deferrable', key.table_name, key.conname, key.definition);
    end loop;
  end $$`;

describe('changes of the primary key', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Item, Seat, Weight], deferrable);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'of one row': {
      prepare: three,
      write: `update item set id = 9 where id = 1`,
      events: { 'item-1': [deleted], 'item-9': [created] },
    },
    'of one row, with other columns': {
      prepare: three,
      write: (manager) => manager.update(Item, { id: 1 }, { id: 9, name: 'changed' }),
      events: { 'item-1': [deleted], 'item-9': [created] },
    },
    'there and back, in two statements': {
      prepare: three,
      write: `update item set id = 9 where id = 1; update item set id = 1 where id = 9`,
      events: { 'item-1': [deleted, created], 'item-9': [created, deleted] },
    },
    'to a key that was used before': {
      prepare: `${three}; delete from item where id = 1`,
      write: `update item set id = 1 where id = 2`,
      events: { 'item-1': [created], 'item-2': [deleted] },
    },
    'shifted over many rows': {
      prepare: three,
      write: `update item set id = id + 1`,
      events: {
        'item-1': [deleted],
        'item-2': [updated('code name')],
        'item-3': [updated('code name')],
        'item-4': [created],
      },
    },
    swapped: {
      prepare: three,
      write: `update item set id = 3 - id where id in (1, 2)`,
      events: { 'item-1': [updated('code name')], 'item-2': [updated('code name')] },
    },
    'swapped together with all that differs': {
      prepare: three,
      write: `update item set id = 3 - id, code = case id when 1 then 'b' else 'a' end, name = case id when 1 then 'B' else 'A' end
              where id in (1, 2)`,
      events: {},
    },
    'of a part of a composite key': {
      prepare: seats,
      write: `update seat set number = 7 where row = 'a' and number = 1`,
      events: { 'seat-a:1': ['deleted SeatDeleted'], 'seat-a:7': [`created SeatCreated ${seat}`] },
    },
    'shifted in a composite key': {
      prepare: seats,
      write: `update seat set number = number + 1 where row = 'a'`,
      events: {
        'seat-a:1': ['deleted SeatDeleted'],
        'seat-a:2': ['updated SeatUpdated guest'],
        'seat-a:3': [`created SeatCreated ${seat}`],
      },
    },
    'swapped between the parts of a composite key': {
      prepare: `insert into seat (row, number) values ('1', 2), ('2', 1)`,
      write: `update seat set row = number::text, number = row::int, guest = row`,
      events: { 'seat-1:2': ['updated SeatUpdated guest'], 'seat-2:1': ['updated SeatUpdated guest'] },
    },
    'with signs that the stream id escapes': {
      prepare: `insert into seat (row, number) values ('a', 1)`,
      write: `update seat set row = 'a:1%'`,
      events: { 'seat-a:1': ['deleted SeatDeleted'], 'seat-a%3A1%25:1': [`created SeatCreated ${seat}`] },
    },
    'to another form of the same number': {
      prepare: `insert into weight values (1.0, 'a'), (2, 'b')`,
      write: `update weight set amount = amount * 1.0`,
      events: {
        'weight-1.0': ['deleted WeightDeleted'],
        'weight-1.00': ['created WeightCreated amount label'],
        'weight-2': ['deleted WeightDeleted'],
        'weight-2.0': ['created WeightCreated amount label'],
      },
    },
  });
});
