import { Item, item, Report, report } from './entities.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const three = `insert into item (code, name) values ('a', 'A'), ('b', 'B'), ('c', 'C')`;
const created = [`created ItemCreated ${item}`];
const updated = (keys: string) => [`updated ItemUpdated ${keys}`];
const deleted = ['deleted ItemDeleted'];

describe('query builders', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Item, Report]);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'insert of one and of many': {
      write: async (manager) => {
        const insert = () => manager.createQueryBuilder().insert().into(Item);
        await insert().values({ code: 'a', name: 'A' }).execute();
        await insert()
          .values([
            { code: 'b', name: () => `upper('b')` },
            { code: 'c', name: 'C' },
          ])
          .execute();
      },
      events: { 'item-1': created, 'item-2': created, 'item-3': created },
    },
    'insert or ignore, of one row that is there and one that is not': {
      prepare: three,
      write: (manager) =>
        manager
          .createQueryBuilder()
          .insert()
          .into(Item)
          .values([
            { code: 'a', name: 'ignored' },
            { code: 'x', name: 'X' },
          ])
          .orIgnore()
          .execute(),
      events: { 'item-5': created },
    },
    'insert or ignore that does nothing': {
      prepare: three,
      write: (manager) =>
        manager
          .createQueryBuilder()
          .insert()
          .into(Item)
          .values({ code: 'a', name: 'ignored' })
          .orIgnore()
          .execute(),
      events: {},
    },
    'insert or update, with both outcomes': {
      prepare: three,
      write: (manager) =>
        manager
          .createQueryBuilder()
          .insert()
          .into(Item)
          .values([
            { code: 'a', name: 'changed' },
            { code: 'x', name: 'X' },
          ])
          .orUpdate(['name'], ['code'])
          .execute(),
      events: { 'item-1': updated('name'), 'item-5': created },
    },
    'insert with the listeners called off': {
      write: (manager) =>
        manager
          .createQueryBuilder()
          .insert()
          .into(Report)
          .values({ title: 't' })
          .callListeners(false)
          .updateEntity(false)
          .execute(),
      events: { 'report-1': [`created ReportCreated ${report}`] },
    },
    'insert from a select': {
      prepare: three,
      write: async (manager) => {
        const select = manager
          .createQueryBuilder(Item, 'i')
          .select(`i.code || '!'`)
          .addSelect('i.name')
          .where('i.id < 3');
        await manager.query(`insert into item (code, name) ${select.getQuery()}`);
      },
      events: { 'item-4': created, 'item-5': created },
    },
    update: {
      prepare: three,
      write: (manager) =>
        manager
          .createQueryBuilder()
          .update(Item)
          .set({ name: () => `name || '!'` })
          .where('id > :id', { id: 1 })
          .returning('*')
          .execute(),
      events: { 'item-2': updated('name'), 'item-3': updated('name') },
    },
    'update of a table by its name': {
      prepare: three,
      write: (manager) =>
        manager.createQueryBuilder().update('item').set({ note: 'n' }).where(`code = 'c'`).execute(),
      events: { 'item-3': updated('note') },
    },
    'update without effect': {
      prepare: three,
      write: (manager) =>
        manager
          .createQueryBuilder()
          .update(Item)
          .set({ name: () => 'name' })
          .execute(),
      events: {},
    },
    delete: {
      prepare: three,
      write: (manager) => manager.createQueryBuilder().delete().from(Item).where('id <> 2').execute(),
      events: { 'item-1': deleted, 'item-3': deleted },
    },
    'soft delete and restore': {
      prepare: three,
      write: async (manager) => {
        await manager.createQueryBuilder().softDelete().from(Item).where(`code = 'a'`).execute();
        await manager.createQueryBuilder().restore().from(Item).where(`code = 'a'`).execute();
      },
      events: { 'item-1': ['updated ItemSoftDeleted deletedAt', 'updated ItemRestored deletedAt'] },
    },
    'a query runner of the application': {
      prepare: three,
      write: async (manager) => {
        const runner = manager.queryRunner ?? manager.connection.createQueryRunner();
        await runner.query(`update item set name = 'changed' where id = $1`, [1]);
        await runner.manager.insert(Item, { code: 'x', name: 'X' });
        if (!manager.queryRunner) await runner.release();
      },
      events: { 'item-1': updated('name'), 'item-4': created },
    },
  });
});
