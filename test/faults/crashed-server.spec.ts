import { createBackstory, onEvent } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { Account, all, eventually, Letter, Received } from '../integration/outbox/ledger.js';
import { startEmbeddedServer } from '../postgres/embedded-server.cjs';

describe('a server that crashes', () => {
  it('a prepared transaction survives, and so does its gap: its event is delivered after its commit', async () => {
    const server = await startEmbeddedServer();
    const database = await createTestDatabase({ serverUrl: server.url });
    const dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Account, Letter],
      synchronize: true,
    }).initialize();
    const backstory = await createBackstory(dataSource, { consumers: { leaseMs: 60_000, pollMs: 5000 } });
    const { consumers } = backstory;
    const received = new Received();
    try {
      consumers.define({ name: 'reader', from: 'beginning', handlers: [onEvent(all, received.handle)] });
      await consumers.start();
      // Not of the pool, whose connections wake the consumer when they come back.
      const runner = new Client(database.url);
      runner.on('error', () => undefined);
      await runner.connect();
      await runner.query('begin');
      await runner.query('insert into account values (1, 0)');
      await runner.query(`prepare transaction 'crash'`);
      await runner.query('insert into account values (2, 0)');
      await consumers.wait('reader');
      await eventually('the gap', async () => (await consumers.list())[0]?.gaps === 1);
      // So quiet that it looks every five seconds: it sees neither the crash nor the loss of a connection.
      await sleep(6000);
      const { rows } = await runner.query<{ pid: number }>('select pg_backend_pid() as pid');
      const witness = new Client(database.url);
      await witness.connect();
      witness.on('error', () => undefined);
      const crashed = new Promise<void>((resolve) => witness.once('end', resolve));
      process.kill(rows[0]?.pid as number, 'SIGKILL');
      await crashed;
      // Not by the pool: its failing attempts would wake the consumer, which would begin anew with its first error.
      await eventually('the server to be back', async () => {
        const client = new Client(database.url);
        client.on('error', () => undefined);
        try {
          await client.connect();
          await client.query('insert into account values (3, 0)');
          return true;
        } catch {
          return false;
        } finally {
          await client.end();
        }
      });
      await consumers.wait('reader');
      await sleep(500);
      await dataSource.query(`commit prepared 'crash'`);
      await consumers.wait('reader');
      expect(received.events.map(({ streamId }) => streamId)).toEqual(['2', '3', '1']);
      await eventually('no gap', async () => (await consumers.list())[0]?.gaps === 0);
    } finally {
      await backstory.close();
      await dataSource.destroy();
      await server.stop();
    }
  });
});
