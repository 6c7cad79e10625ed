import { type Backstory, createBackstory } from '@backstory/adapter';
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

  @Column({ type: 'text', default: 'new' })
  status: string;
}

const evolve = {
  Measured: (reading: Reading, data: object) => void Object.assign(reading, data),
};

describe('commands on partitioned tables', () => {
  let dataSource: DataSource;
  let backstory: Backstory;
  let drop: () => Promise<void>;

  beforeEach(async () => {
    const database = await createTestDatabase();
    ({ drop } = database);
    dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Reading],
    }).initialize();
    await dataSource.query(`
      create table reading (sensor int, year int, value numeric default 0, status text default 'new', primary key (sensor, year)) partition by list (year);
      create table reading_25 partition of reading for values in (2025);
      create table reading_26 partition of reading for values in (2026);
      insert into reading (sensor, year) values (1, 2025), (1, 2026)`);
    backstory = await createBackstory(dataSource, { aggregates: [{ entity: Reading, evolve }] });
    await backstory.backfill();
  });

  afterEach(async () => {
    expect(await backstory.verify()).toMatchObject({ clean: true });
    await backstory.close();
    await dataSource.destroy();
    await drop();
  });

  it('write the row of a partition and its events once', async () => {
    const measured = { type: 'Measured', data: { value: '1.50' } };
    expect(await backstory.handle(Reading, '1:2025', () => measured)).toMatchObject({ value: '1.50' });
    expect(await backstory.history('reading', '1:2025', { after: 1 })).toMatchObject([
      { type: 'Measured', data: { value: '1.50', $event: { value: '1.50' } } },
    ]);
    const added = { type: 'Measured', data: { sensor: 2, year: 2026, status: 'checked' } };
    expect(await backstory.create(Reading, () => added)).toMatchObject({ value: '0', status: 'checked' });
    expect(await backstory.history('reading', '2:2026')).toMatchObject([
      { type: 'Measured', change: 'created' },
    ]);
    await expect(backstory.create(Reading, () => added)).rejects.toMatchObject({
      kind: 'unique',
      properties: ['sensor', 'year'],
    });
  });

  it('keep the key', async () => {
    const moved = { type: 'Measured', data: { year: 2026 } };
    await expect(backstory.handle(Reading, '1:2025', () => moved)).rejects.toThrow(
      /Measured changes "year" of "reading", which is its key/,
    );
  });
});
