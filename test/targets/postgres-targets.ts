import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import type { TargetServer } from './target.js';

/** Other databases on the server of the test run. */
export function postgresTargets(): TargetServer {
  return {
    kind: 'postgres',
    available: true,
    start: () => Promise.resolve(),
    open: async () => {
      const database = await createTestDatabase();
      const options = { type: 'postgres' as const, url: database.url, poolSize: 10 };
      const dataSource = await new DataSource({ ...options, applicationName: 'test' }).initialize();
      const [{ name }] = await dataSource.query<[{ name: string }]>('select current_database() as name');
      const server = new URL(database.url);
      server.pathname = '/postgres';
      const admin = await new DataSource({ type: 'postgres', url: server.href }).initialize();
      const terminate = async (chance = 1): Promise<number> => {
        const ended: unknown[] = await admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = $1 and application_name <> 'test' and random() < $2`,
          [name, chance],
        );
        return ended.length;
      };
      return {
        kind: 'postgres',
        options,
        dataSource,
        down: async () => {
          await admin.query(`alter database "${name}" allow_connections false`);
          await terminate();
        },
        up: () => admin.query(`alter database "${name}" allow_connections true`),
        terminate,
        close: async () => {
          await dataSource.destroy();
          await admin.destroy();
          await database.drop();
        },
      };
    },
    stop: () => Promise.resolve(),
  };
}
