import { Item } from './entities.js';
import { Reading, Sensor, sensorTables } from './entities-sensors.js';
import {
  endOfLog,
  eventsAfter,
  type EventsByStream,
  expectNoDrift,
  type Ground,
  openGround,
} from './ground.js';

const three = `insert into item (code, name) values ('a', 'A'), ('b', 'B'), ('c', 'C')`;

/** Ways around every trigger. */
const ways: Record<string, (write: string) => string> = {
  'session_replication_role = replica': (write) =>
    `begin; set local session_replication_role = replica; ${write}; commit`,
  'DISABLE TRIGGER ALL': (write) =>
    `alter table item disable trigger all; ${write}; alter table item enable trigger all`,
  'DISABLE TRIGGER USER': (write) =>
    `alter table item disable trigger user; ${write}; alter table item enable trigger user`,
};

type Finding = readonly [streamId: string, kind: string, ...properties: string[]];

const writes: Record<string, { write: string; drift: readonly Finding[]; correction: EventsByStream }> = {
  insert: {
    write: `insert into item (code, name) values ('x', 'X')`,
    drift: [['4', 'missing event']],
    correction: { 'item-4': ['repair created ItemCorrected amount code deletedAt id name note'] },
  },
  update: {
    write: `update item set name = 'forged', note = 'n' where code in ('a', 'b')`,
    drift: [
      ['1', 'value', 'name', 'note'],
      ['2', 'value', 'name', 'note'],
    ],
    correction: {
      'item-1': ['repair updated ItemCorrected name note'],
      'item-2': ['repair updated ItemCorrected name note'],
    },
  },
  'change of key': {
    write: `update item set id = 9 where id = 1`,
    drift: [
      ['1', 'missing row'],
      ['9', 'missing event'],
    ],
    correction: {
      'item-1': ['repair deleted ItemDeleted'],
      'item-9': ['repair created ItemCorrected amount code deletedAt id name note'],
    },
  },
  delete: {
    write: `delete from item where code = 'b'`,
    drift: [['2', 'missing row']],
    correction: { 'item-2': ['repair deleted ItemDeleted'] },
  },
  truncate: {
    write: `truncate item`,
    drift: [
      ['1', 'missing row'],
      ['2', 'missing row'],
      ['3', 'missing row'],
    ],
    correction: {
      'item-1': ['repair deleted ItemDeleted'],
      'item-2': ['repair deleted ItemDeleted'],
      'item-3': ['repair deleted ItemDeleted'],
    },
  },
};

describe('writes that go around the triggers', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Item, Sensor, Reading], sensorTables);
  });
  afterAll(() => ground.close());

  beforeEach(async () => {
    await ground.reset();
    await ground.backstory.backfill();
    await ground.dataSource.query(three);
  });

  async function expectFoundAndSettled(drift: readonly Finding[], correction: EventsByStream): Promise<void> {
    const { backstory, dataSource } = ground;
    const { clean, aggregates } = await backstory.verify();
    expect(clean).toBe(false);
    const found = aggregates.flatMap((aggregate) => aggregate.drift);
    expect(found.map((d) => [d.streamId, d.kind, ...Object.keys(d.properties).sort()])).toEqual(drift);
    const before = await endOfLog(dataSource.manager);
    await backstory.repair({ by: 'tester', reason: 'bypassed' });
    expect(await eventsAfter(dataSource.manager, before)).toEqual(correction);
    await expectNoDrift(ground);
  }

  describe.each(Object.entries(ways))('%s', (_name, way) => {
    it.each(Object.entries(writes))(
      '%s: no event, found by verify, settled by repair',
      async (_write, { write, drift, correction }) => {
        const { manager } = ground.dataSource;
        const before = await endOfLog(manager);
        await manager.query(way(write));
        expect(await eventsAfter(manager, before)).toEqual({});
        await expectFoundAndSettled(drift, correction);
      },
    );

    it('what is written to such rows afterwards still folds to the rows', async () => {
      const { manager } = ground.dataSource;
      const hidden = `insert into item (code, name) values ('x', 'X'); delete from item where code in ('a', 'b')`;
      await manager.query(way(hidden));
      const before = await endOfLog(manager);
      await manager.query(`update item set note = 'n' where code = 'x'`);
      await manager.query(`insert into item (id, code, name) values (1, 'a', 'new')`);
      await manager.query(`insert into item (id, code, name) values (2, 'b', 'new')`);
      await manager.query(`delete from item where id = 2`);
      expect(await eventsAfter(manager, before)).toEqual({
        'item-1': ['updated ItemCreated amount code deletedAt id name note'],
        'item-2': ['updated ItemCreated amount code deletedAt id name note', 'deleted ItemDeleted'],
        'item-4': [
          'backfill created ItemCreated amount code deletedAt id name note',
          'updated ItemUpdated note',
        ],
      });
      await expectNoDrift(ground);
    });
  });

  it('triggers that were left disabled are put right by install()', async () => {
    const { backstory, dataSource } = ground;
    await dataSource.query(`alter table item disable trigger user`);
    expect((await backstory.install()).captured).toEqual(['item']);
    const before = await endOfLog(dataSource.manager);
    await dataSource.query(`update item set note = 'n' where id = 1`);
    expect(await eventsAfter(dataSource.manager, before)).toEqual({ 'item-1': ['updated ItemUpdated note'] });
    await expectNoDrift(ground);
  });

  it('a partition that is attached with its rows, and one that is dropped', async () => {
    const { dataSource } = ground;
    await dataSource.query(`insert into reading (id, year) values (1, 2024), (2, 2025)`);
    await dataSource.query(`
      create table reading_2023 (like reading including all);
      insert into reading_2023 (id, year) values (3, 2023);
      alter table reading attach partition reading_2023 for values in (2023);
      drop table reading_2024`);
    await expectFoundAndSettled(
      [
        ['1:2024', 'missing row'],
        ['3:2023', 'missing event'],
      ],
      {
        'reading-1:2024': ['repair deleted ReadingDeleted'],
        'reading-3:2023': ['repair created ReadingCorrected id sensor value year'],
      },
    );
    const before = await endOfLog(dataSource.manager);
    await dataSource.query(`update reading set value = 1 where year = 2023`);
    expect(await eventsAfter(dataSource.manager, before)).toEqual({
      'reading-3:2023': ['updated ReadingUpdated value'],
    });
    await expectNoDrift(ground);
  });
});
