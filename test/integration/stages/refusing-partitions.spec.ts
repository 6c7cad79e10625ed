import { createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { Column, DataSource, Entity, PrimaryColumn } from 'typeorm';

@Entity({ synchronize: false })
class Reading {
  @PrimaryColumn({ type: 'int' })
  sensor: number;

  @PrimaryColumn({ type: 'int' })
  year: number;

  @Column({ type: 'numeric', default: 0 })
  value: string;
}

const evolve = { Measured: (reading: Reading, data: object) => void Object.assign(reading, data) };
const measured = { type: 'Measured', data: { value: '1.50' } };
const refused = {
  code: '23001',
  constraint: 'backstory_residual',
  hint: expect.stringContaining('handle()') as string,
};

/** Of a table that is captured by statements, one captured row by row because a partition has its columns in another order, and one that is renamed. */
const tables = {
  'in one form': `create table reading_25 partition of reading for values in (2025)`,
  'in several forms': `create table reading_25 (value numeric default 0, year int not null, sensor int not null, primary key (sensor, year));
    alter table reading attach partition reading_25 for values in (2025)`,
};

describe.each(Object.entries(tables))('a partitioned table, %s, that takes commands only', (_, partition) => {
  it('refuses statements on it and on its partitions', async () => {
    const database = await createTestDatabase();
    const dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Reading],
    }).initialize();
    await dataSource.query(`
      create table reading (sensor int, year int, value numeric default 0, primary key (sensor, year)) partition by list (year);
      ${partition};
      create table reading_26 partition of reading for values in (2026);
      insert into reading (sensor, year) values (1, 2025), (1, 2026)`);
    const backstory = await createBackstory(dataSource, { aggregates: [{ entity: Reading, evolve }] });
    try {
      await backstory.backfill();
      await backstory.stages.set('reading', 'events', { force: true, residual: 'refuse' });
      for (const write of [
        `update reading set value = 2`,
        `update reading_25 set value = 2`,
        `update reading set year = 2026, sensor = 2 where year = 2025`,
        `insert into reading_26 (sensor, year) values (7, 2026)`,
        `delete from reading where year = 2025`,
        `truncate reading_25`,
        `truncate reading`,
        `insert into reading (sensor, year, value) values (1, 2025, 3) on conflict (sensor, year) do update set value = excluded.value`,
      ])
        await expect(dataSource.query(write)).rejects.toMatchObject(refused);
      await dataSource.query(`update reading set value = value; delete from reading where sensor = 9`);
      expect(await backstory.handle(Reading, '1:2025', () => measured)).toMatchObject({ value: '1.50' });
      await dataSource.query(`alter table reading rename to reading_before`);
      await expect(dataSource.query(`update reading_before set value = 9`)).rejects.toMatchObject(refused);
      await dataSource.query(`alter table reading_before rename to reading`);
      expect(await backstory.verify()).toMatchObject({ clean: true });
    } finally {
      await backstory.close();
      await dataSource.destroy();
      await database.drop();
    }
  });
});
