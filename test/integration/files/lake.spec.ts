import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Backstory, createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { entities, Order } from '../../documentation/documented-entities.js';
import { exportFolder, type ExportFolder } from './export-folder.js';

const query = readFileSync(join(__dirname, 'orders-per-month.sql'), 'utf8');

describe('a lake', () => {
  let database: TestDatabase;
  let dataSource: DataSource;
  let backstory: Backstory;
  let folder: ExportFolder;

  beforeEach(async () => {
    database = await createTestDatabase();
    dataSource = new DataSource({ type: 'postgres', url: database.url, entities, synchronize: true });
    await dataSource.initialize();
    backstory = await createBackstory(dataSource, { aggregates: [Order] });
    folder = await exportFolder();
  });

  afterEach(async () => {
    await backstory.close();
    await dataSource.destroy();
    await database.drop();
    await folder.remove();
  });

  async function ask(sql: string, day: Date): Promise<unknown[]> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      await connection.run(`set file_search_path = '${folder.path}'`);
      await connection.run(`set timezone = 'UTC'`);
      await connection.run(`set variable day = timestamp '${day.toISOString().slice(0, 23)}'`);
      return (await connection.runAndReadAll(sql)).getRowsJson();
    } finally {
      connection.closeSync();
      instance.closeSync();
    }
  }

  it('tells orders per month as they were on a day, out of the files alone', async () => {
    const { manager } = dataSource;
    for (const [id, total] of [
      [1, '10.50'],
      [2, '20.00'],
      [3, '5.00'],
    ] as const)
      await manager.insert(Order, { id, total });
    await sleep(5);
    const day = new Date();
    await sleep(5);
    await manager.update(Order, 1, { total: '99.00' });
    await manager.delete(Order, 2);
    await backstory.files.export(folder.path);
    const month = day.toISOString().slice(0, 7);
    expect(await ask(query, day)).toEqual([[month, '3', '35.50']]);
    expect(await ask(query, new Date(Date.now() + 3_600_000))).toEqual([[month, '2', '104.00']]);
  });

  it('reads Parquet, with categories and months as columns', async () => {
    await dataSource.manager.insert(Order, { id: 1, total: '10.50' });
    await backstory.files.export(folder.path, { format: 'parquet' });
    const rows = await ask(
      `select category, month, type, recorded_at < getvariable('day'), data ->> '$.total'
       from read_parquet('*/*/*.parquet', hive_partitioning = true)`,
      new Date(Date.now() + 3_600_000),
    );
    expect(rows).toEqual([['order', expect.stringMatching(/^\d{4}-\d\d$/), 'OrderCreated', true, '10.50']]);
  });
});
