import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { entities } from './entities.js';

export interface Library {
  readonly dataSource: DataSource;
  readonly url: string;
  /** Closes the connections and drops the database. */
  close(): Promise<void>;
}

/** A fresh database with the library's tables and an initialised DataSource. */
export async function openLibrary(options: Partial<DataSourceOptions> = {}): Promise<Library> {
  const database = await createTestDatabase();
  const dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities,
    synchronize: true,
    ...options,
  } as DataSourceOptions);
  await dataSource.initialize();
  return {
    dataSource,
    url: database.url,
    close: async () => {
      if (dataSource.isInitialized) await dataSource.destroy();
      await database.drop();
    },
  };
}
