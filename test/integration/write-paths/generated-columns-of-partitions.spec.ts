import { EntitySchema } from 'typeorm';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const Meter = new EntitySchema({
  name: 'Meter',
  synchronize: false,
  columns: {
    id: { type: 'int', primary: true },
    amount: { type: 'int' },
    twice: { type: 'int', insert: false, update: false },
  },
});

/** A partition that was a table of its own before: its columns have other numbers than its parent's. */
const meters = `
  create table meter (id int primary key, amount int not null, twice int generated always as (amount * 2) stored) partition by range (id);
  create table meter_old (twice int generated always as (amount * 2) stored, amount int not null, id int not null);
  alter table meter attach partition meter_old for values from (0) to (100);
  create table meter_new partition of meter for values from (100) to (200)`;

const created = 'created MeterCreated amount id twice';

describe('generated columns of partitions whose columns have other numbers', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Meter], meters);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'insert through the parent, and into the partition': {
      write: async (manager) => {
        await manager.insert('Meter', [
          { id: 1, amount: 3 },
          { id: 100, amount: 4 },
        ]);
        await manager.query('insert into meter_old (id, amount) values (2, 5)');
      },
      events: { 'meter-1': [created], 'meter-2': [created], 'meter-100': [created] },
    },
    'update of a row, and of one that moves to the other partition': {
      prepare: 'insert into meter (id, amount) values (1, 3), (100, 4)',
      write: async (manager) => {
        await manager.query('update meter set amount = amount + 1');
        await manager.query('update meter set id = 50 where id = 100');
      },
      events: {
        'meter-1': ['updated MeterUpdated amount twice'],
        'meter-100': ['updated MeterUpdated amount twice', 'deleted MeterDeleted'],
        'meter-50': [created],
      },
    },
  });

  it('have their values in the event', async () => {
    await ground.reset();
    await ground.dataSource.query('insert into meter (id, amount) values (1, 3)');
    expect((await ground.backstory.history('meter', '1')).map(({ data }) => data)).toEqual([
      { id: 1, amount: 3, twice: 6 },
    ]);
  });
});
