import type { DataSource } from 'typeorm';
import { renewCapture } from '../capture/index.js';
import { poolDatabase, poolOf } from '../connections/index.js';

/** Makes capture fit the tables as they are, from what the database keeps of it: whatever the application's entities say. */
export async function mendCapture(dataSource: DataSource, schema = 'backstory'): Promise<void> {
  await poolDatabase(poolOf(dataSource)).transaction((sql) => renewCapture(sql, schema));
}
