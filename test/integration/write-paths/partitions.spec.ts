import { Reading, reading, Sensor, sensorTables } from './entities-sensors.js';
import { type Ground, openGround } from './ground.js';
import { describeWritePaths } from './write-path.js';

const four = `insert into sensor values (1, 's'), (2, 't');
  insert into reading (id, year, value, sensor) values (1, 2024, 10, 1), (2, 2025, 20, 1), (200, 2025, 30, 2), (4, 1999, 40, null)`;
const created = `created ReadingCreated ${reading}`;
const updated = (keys: string) => `updated ReadingUpdated ${keys}`;
const deleted = 'deleted ReadingDeleted';

describe('a partitioned table', () => {
  let ground: Ground;
  beforeAll(async () => {
    ground = await openGround([Sensor, Reading], sensorTables);
  });
  afterAll(() => ground.close());

  describeWritePaths(() => ground, {
    'insert into several partitions': {
      write: (manager) =>
        manager.insert(Reading, [
          { id: 1, year: 2024 },
          { id: 1, year: 2025 },
          { id: 500, year: 2025 },
          { id: 1, year: 1999 },
        ]),
      events: {
        'reading-1:2024': [created],
        'reading-1:2025': [created],
        'reading-500:2025': [created],
        'reading-1:1999': [created],
      },
    },
    'update and delete over several partitions': {
      prepare: four,
      write: async (manager) => {
        await manager.query(`update reading set value = value + 1 where id < 100`);
        await manager.query(`delete from reading where year > 2024`);
      },
      events: {
        'reading-1:2024': [updated('value')],
        'reading-2:2025': [updated('value'), deleted],
        'reading-200:2025': [deleted],
        'reading-4:1999': [updated('value')],
      },
    },
    'MERGE that inserts and then updates': {
      since: 15,
      prepare: four,
      write: `merge into reading t using (values (1, 2024), (7, 2025), (2, 2025), (4, 1999)) s (id, year) on t.id = s.id and t.year = s.year
        when matched then update set value = t.value + 1
        when not matched then insert (id, year) values (s.id, s.year)`,
      events: {
        'reading-1:2024': [updated('value')],
        'reading-2:2025': [updated('value')],
        'reading-4:1999': [updated('value')],
        'reading-7:2025': [created],
      },
    },
    'save()': {
      prepare: four,
      write: (manager) =>
        manager.getRepository(Reading).save([
          { id: 2, year: 2025, value: 21 },
          { id: 9, year: 2024, value: 9 },
        ]),
      events: { 'reading-2:2025': [updated('value')], 'reading-9:2024': [created] },
    },
    'upsert() with both outcomes': {
      prepare: four,
      write: (manager) =>
        manager.upsert(
          Reading,
          [
            { id: 2, year: 2025, value: 21 },
            { id: 300, year: 2025, value: 1 },
          ],
          ['id', 'year'],
        ),
      events: { 'reading-2:2025': [updated('value')], 'reading-300:2025': [created] },
    },
    'a row that moves to another partition': {
      prepare: four,
      write: `update reading set year = 2025, value = 11 where id = 1`,
      events: { 'reading-1:2024': [deleted], 'reading-1:2025': [created] },
    },
    'rows that move between partitions, each to the key of another': {
      prepare: `insert into reading (id, year, value) values (1, 2024, 10), (1, 2025, 20)`,
      write: `with gone as (delete from reading where year = 2025 returning *)
              update reading set year = 2025 from gone where reading.year = 2024`,
      events: { 'reading-1:2024': [deleted], 'reading-1:2025': [deleted, created] },
    },
    MERGE: {
      since: 15,
      prepare: four,
      write: `merge into reading r using (values (1, 2024, 11), (4, 1999, null), (5, 2025, 5)) v (id, year, value)
                on r.id = v.id and r.year = v.year
              when matched and v.value is null then delete
              when matched then update set value = v.value
              when not matched then insert (id, year, value) values (v.id, v.year, v.value)`,
      events: {
        'reading-1:2024': [updated('value')],
        'reading-4:1999': [deleted],
        'reading-5:2025': [created],
      },
    },
    'COPY FROM': {
      write: `copy reading (id, year) from program 'printf "1\\t2024\\n200\\t2025\\n"'`,
      events: { 'reading-1:2024': [created], 'reading-200:2025': [created] },
    },
    'ON DELETE CASCADE': {
      prepare: four,
      write: `delete from sensor where id = 1`,
      events: {
        'sensor-1': ['deleted SensorDeleted'],
        'reading-1:2024': [deleted],
        'reading-2:2025': [deleted],
      },
    },
    'ON UPDATE CASCADE': {
      prepare: four,
      write: `update sensor set id = 9 where id = 1`,
      events: {
        'sensor-1': ['deleted SensorDeleted'],
        'sensor-9': ['created SensorCreated id name'],
        'reading-1:2024': [updated('sensor')],
        'reading-2:2025': [updated('sensor')],
      },
    },
    'TRUNCATE of the whole table': {
      prepare: four,
      write: (manager) => manager.clear(Reading),
      events: {
        'reading-1:2024': [deleted],
        'reading-2:2025': [deleted],
        'reading-200:2025': [deleted],
        'reading-4:1999': [deleted],
      },
    },
    'insert directly into a partition': {
      write: `insert into reading_2024 (id, year) values (1, 2024)`,
      events: { 'reading-1:2024': [created] },
    },
    'update directly in a partition': {
      prepare: four,
      write: `update reading_2025_low set value = 21`,
      events: { 'reading-2:2025': [updated('value')] },
    },
    'delete directly in a partition that has partitions': {
      prepare: four,
      write: `delete from reading_2025`,
      events: { 'reading-2:2025': [deleted], 'reading-200:2025': [deleted] },
    },
    'COPY directly into a partition': {
      write: `copy reading_rest (id, year) from program 'printf "1\\t1999\\n"'`,
      events: { 'reading-1:1999': [created] },
    },
    'TRUNCATE of one partition': {
      prepare: four,
      write: `truncate reading_2025_low`,
      events: { 'reading-2:2025': [deleted] },
    },
    'TRUNCATE of a partition that has partitions': {
      prepare: four,
      write: `truncate reading_2025`,
      events: { 'reading-2:2025': [deleted], 'reading-200:2025': [deleted] },
    },
  });
});
