import { MoreThan } from 'typeorm';
import { Item, item, Report, report, Seat, seat } from './entities.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const three = `insert into item (code, name) values ('a', 'A'), ('b', 'B'), ('c', 'C')`;
const created = [`created ItemCreated ${item}`];
const updated = (keys: string) => [`updated ItemUpdated ${keys}`];

describe('repositories', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Item, Report, Seat]);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'save() of a new entity': {
      write: (manager) => manager.save(manager.create(Item, { code: 'a', name: 'A' })),
      events: { 'item-1': created },
    },
    'save() of a changed entity': {
      prepare: three,
      write: async (manager) => {
        const found = await manager.findOneByOrFail(Item, { code: 'b' });
        await manager.save(Object.assign(found, { name: 'changed', note: 'n' }));
      },
      events: { 'item-2': updated('name note') },
    },
    'save() of an unchanged entity': {
      prepare: three,
      write: async (manager) => manager.save(await manager.findOneByOrFail(Item, { code: 'b' })),
      events: {},
    },
    'save() of a part': {
      prepare: three,
      write: (manager) => manager.getRepository(Item).save({ id: 3, amount: 7 }),
      events: { 'item-3': updated('amount') },
    },
    'save() of new, changed and unchanged entities at once': {
      prepare: three,
      write: async (manager) => {
        const [first, second] = await manager.find(Item, { order: { id: 1 } });
        await manager.save([
          manager.create(Item, { code: 'x', name: 'X' }),
          Object.assign(first!, { name: 'changed' }),
          second!,
          manager.create(Item, { code: 'y', name: 'Y' }),
        ]);
      },
      events: { 'item-1': updated('name'), 'item-4': created, 'item-5': created },
    },
    'save() in chunks': {
      write: (manager) =>
        manager.save(
          ['a', 'b', 'c', 'd', 'e'].map((code) => manager.create(Item, { code, name: code })),
          { chunk: 2 },
        ),
      events: {
        'item-1': created,
        'item-2': created,
        'item-3': created,
        'item-4': created,
        'item-5': created,
      },
    },
    'save() without reload': {
      write: (manager) => manager.save(manager.create(Item, { code: 'a', name: 'A' }), { reload: false }),
      events: { 'item-1': created },
    },
    'save() without listeners': {
      prepare: three,
      write: (manager) =>
        manager.getRepository(Item).save(
          [
            { id: 1, name: 'changed' },
            { code: 'x', name: 'X' },
          ],
          { listeners: false },
        ),
      events: { 'item-1': updated('name'), 'item-4': created },
    },
    'save() without a transaction': {
      prepare: three,
      write: (manager) =>
        manager.getRepository(Item).save(
          [
            { id: 1, name: 'changed' },
            { code: 'x', name: 'X' },
          ],
          { transaction: false },
        ),
      events: { 'item-1': updated('name'), 'item-4': created },
    },
    'save() with version and update date': {
      prepare: `insert into report (title, version) values ('t', 1)`,
      write: (manager) => manager.getRepository(Report).save([{ id: 1, title: 'changed' }, { title: 'new' }]),
      events: {
        'report-1': ['updated ReportUpdated title updatedAt version'],
        'report-2': [`created ReportCreated ${report}`],
      },
    },
    'insert()': {
      write: (manager) => manager.insert(Item, { code: 'a', name: 'A' }),
      events: { 'item-1': created },
    },
    'insert() of many': {
      write: (manager) =>
        manager.insert(Item, [
          { code: 'a', name: 'A' },
          { code: 'b', name: 'B' },
        ]),
      events: { 'item-1': created, 'item-2': created },
    },
    'upsert() that inserts one row, updates one and leaves one as it is': {
      prepare: three,
      write: (manager) =>
        manager.upsert(
          Item,
          [
            { code: 'a', name: 'changed' },
            { code: 'b', name: 'B' },
            { code: 'x', name: 'X' },
          ],
          ['code'],
        ),
      // the two conflicts have used up the ids 4 and 5
      events: { 'item-1': updated('name'), 'item-6': created },
    },
    'upsert() that skips rows without a change': {
      prepare: three,
      write: (manager) =>
        manager.upsert(
          Item,
          [
            { code: 'a', name: 'changed' },
            { code: 'b', name: 'B' },
          ],
          { conflictPaths: ['code'], skipUpdateIfNoValuesChanged: true },
        ),
      events: { 'item-1': updated('name') },
    },
    'upsert() on a key given by the application': {
      prepare: `insert into seat (row, number, guest) values ('a', 1, 'ann'), ('a', 2, 'bob')`,
      write: (manager) =>
        manager.upsert(
          Seat,
          [
            { row: 'a', number: 1, guest: 'eve' },
            { row: 'c', number: 1, guest: 'max' },
          ],
          ['row', 'number'],
        ),
      events: { 'seat-a:1': ['updated SeatUpdated guest'], 'seat-c:1': [`created SeatCreated ${seat}`] },
    },
    'update()': {
      prepare: three,
      write: (manager) => manager.update(Item, { code: 'a' }, { name: 'changed', note: 'n' }),
      events: { 'item-1': updated('name note') },
    },
    'update() with an expression, of many rows, one of them unchanged by it': {
      prepare: three,
      write: (manager) =>
        manager.update(
          Item,
          { id: MoreThan(0) },
          { note: () => `case code when 'b' then note else 'n' end` },
        ),
      events: { 'item-1': updated('note'), 'item-3': updated('note') },
    },
    'update() to what is there already': {
      prepare: three,
      write: (manager) => manager.update(Item, { code: 'a' }, { name: 'A' }),
      events: {},
    },
    'update() that finds nothing': {
      prepare: three,
      write: (manager) => manager.update(Item, { code: 'z' }, { name: 'Z' }),
      events: {},
    },
    'update() with version and update date': {
      prepare: `insert into report (title, version) values ('t', 1)`,
      write: (manager) => manager.update(Report, 1, { title: 't' }),
      events: { 'report-1': ['updated ReportUpdated updatedAt version'] },
    },
    'updateAll()': {
      prepare: three,
      write: (manager) => manager.updateAll(Item, { amount: 5 }),
      events: { 'item-1': updated('amount'), 'item-2': updated('amount'), 'item-3': updated('amount') },
    },
    'increment() and decrement()': {
      prepare: three,
      write: async (manager) => {
        await manager.increment(Item, { code: 'a' }, 'amount', 3);
        await manager.decrement(Item, { code: 'a' }, 'amount', 1);
        await manager.increment(Item, { code: 'b' }, 'amount', 0);
      },
      events: { 'item-1': [...updated('amount'), ...updated('amount')] },
    },
  });
});
