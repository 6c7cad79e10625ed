import { In } from 'typeorm';
import { Item, item, Report } from './entities.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const three = `insert into item (code, name) values ('a', 'A'), ('b', 'B'), ('c', 'C')`;
const softDeletedBefore = `${three}; update item set "deletedAt" = '2020-01-01' where code <> 'c'`;
const deleted = ['deleted ItemDeleted'];
const softDeleted = ['updated ItemSoftDeleted deletedAt'];
const restored = ['updated ItemRestored deletedAt'];

describe('removals by repositories', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Item, Report]);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'delete()': {
      prepare: three,
      write: (manager) => manager.delete(Item, { code: In(['a', 'c']) }),
      events: { 'item-1': deleted, 'item-3': deleted },
    },
    'delete() that finds nothing': {
      prepare: three,
      write: (manager) => manager.delete(Item, { code: 'z' }),
      events: {},
    },
    'deleteAll()': {
      prepare: three,
      write: (manager) => manager.deleteAll(Item),
      events: { 'item-1': deleted, 'item-2': deleted, 'item-3': deleted },
    },
    'remove()': {
      prepare: three,
      write: async (manager) => manager.remove(await manager.findOneByOrFail(Item, { code: 'b' })),
      events: { 'item-2': deleted },
    },
    'remove() of many': {
      prepare: three,
      write: async (manager) => manager.remove(await manager.findBy(Item, { code: In(['a', 'b']) })),
      events: { 'item-1': deleted, 'item-2': deleted },
    },
    'remove() and a new entity with the same values': {
      prepare: three,
      write: async (manager) => {
        await manager.remove(await manager.findOneByOrFail(Item, { code: 'b' }));
        await manager.query(`insert into item (id, code, name) values (2, 'b', 'B')`);
      },
      events: { 'item-2': ['deleted ItemDeleted', `created ItemCreated ${item}`] },
    },
    'softDelete()': {
      prepare: three,
      write: (manager) => manager.softDelete(Item, { code: 'a' }),
      events: { 'item-1': softDeleted },
    },
    'softDelete() with a change in the same statement': {
      prepare: three,
      write: (manager) => manager.update(Item, { code: 'a' }, { deletedAt: new Date(0), note: 'gone' }),
      events: { 'item-1': ['updated ItemSoftDeleted deletedAt note'] },
    },
    'softRemove()': {
      prepare: three,
      write: async (manager) => manager.softRemove(await manager.findBy(Item, { code: In(['a', 'b']) })),
      events: { 'item-1': softDeleted, 'item-2': softDeleted },
    },
    'restore()': {
      prepare: softDeletedBefore,
      write: (manager) => manager.restore(Item, { code: 'a' }),
      events: { 'item-1': restored },
    },
    'restore() of what was never deleted': {
      prepare: softDeletedBefore,
      write: (manager) => manager.restore(Item, { code: 'c' }),
      events: {},
    },
    'recover()': {
      prepare: softDeletedBefore,
      write: async (manager) =>
        manager.recover(await manager.find(Item, { where: { code: 'b' }, withDeleted: true })),
      events: { 'item-2': restored },
    },
    'a new date for what is soft-deleted already': {
      prepare: softDeletedBefore,
      write: (manager) => manager.update(Item, { code: 'a' }, { deletedAt: new Date(0) }),
      events: { 'item-1': ['updated ItemUpdated deletedAt'] },
    },
    'delete() of what is soft-deleted': {
      prepare: softDeletedBefore,
      write: (manager) => manager.delete(Item, { code: 'a' }),
      events: { 'item-1': deleted },
    },
  });
});
