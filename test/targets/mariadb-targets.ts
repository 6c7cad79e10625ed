import { DataSource } from 'typeorm';
import type { BrokerServer } from '../brokers/broker-server.js';
import { hasMariaDb, startMariaDb } from './start-mariadb.js';
import type { TargetServer } from './target.js';

/** Databases on a MariaDB of the test's own. */
export function mariaDbTargets(tests: string): TargetServer {
  let server: BrokerServer;
  let opened = 0;
  return {
    kind: 'mariadb',
    available: hasMariaDb(tests),
    start: async () => void (server = await startMariaDb()),
    open: async () => {
      const name = `reporting_${++opened}`;
      const admin = await new DataSource({ type: 'mariadb', url: server.url }).initialize();
      const user = `app_${opened}`;
      await admin.query(`create database ${name}`);
      await admin.query(`create user ${user}@'127.0.0.1'`);
      await admin.query(`grant all on ${name}.* to ${user}@'127.0.0.1'`);
      const url = new URL(`${server.url}/${name}`);
      const dataSource = await new DataSource({ type: 'mariadb', url: url.href }).initialize();
      url.username = user;
      const options = { type: 'mariadb' as const, url: url.href, poolSize: 10 };
      return {
        kind: 'mariadb',
        options,
        dataSource,
        down: () => server.crash(),
        up: async () => void (await server.start()),
        terminate: async (chance = 1) => {
          const others: { id: number }[] = await admin.query(
            `select id from information_schema.processlist where user = ? and rand() < ?`,
            [user, chance],
          );
          const ended = await Promise.allSettled(
            others.map(({ id }) => admin.query(`kill connection ${id}`)),
          );
          return ended.filter(({ status }) => status === 'fulfilled').length;
        },
        close: async () => {
          await dataSource.destroy();
          await admin.query(`drop database ${name}`);
          await admin.destroy();
        },
      };
    },
    stop: () => server.stop(),
  };
}
