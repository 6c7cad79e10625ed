import { type Backstory, createBackstory, onEvent } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { Client, type Pool } from 'pg';
import { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { Account, all, eventually, Letter, Received } from '../integration/outbox/ledger.js';
import { startEmbeddedServer } from '../postgres/embedded-server.cjs';

async function crash(url: string): Promise<void> {
  const victim = new Client(url);
  victim.on('error', () => undefined);
  await victim.connect();
  const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid');
  const gone = new Promise<void>((resolve) => victim.once('end', resolve));
  process.kill(rows[0]?.pid as number, 'SIGKILL');
  await gone;
}

describe('a server that crashes', () => {
  it('takes back nothing that was said to be done, where the application does not wait for the disk', async () => {
    const server = await startEmbeddedServer({ synchronous_commit: 'off', wal_writer_delay: '10s' });
    const database = await createTestDatabase({ serverUrl: server.url });
    const dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Account],
      synchronize: true,
    }).initialize();
    const pool = (dataSource.driver as PostgresDriver).master as Pool;
    const loss = async (work: () => Promise<unknown>): Promise<void> => {
      await work();
      const { totalCount } = pool;
      let lost = 0;
      pool.on('remove', () => lost++);
      await crash(database.url);
      await eventually('all connections to be lost', () => Promise.resolve(lost >= totalCount));
      await eventually('the server to be back', () =>
        dataSource.query('select').then(
          () => true,
          () => false,
        ),
      );
    };
    let backstory: Backstory | undefined;
    try {
      const open = async (): Promise<Backstory> => (backstory ??= await createBackstory(dataSource));
      await loss(open);
      const { stages, consumers } = await open();
      expect(await stages.get('account')).toBe('capture');
      await dataSource.query('insert into account values (1, 0)');
      await loss(async () => expect(await backstory?.backfill()).toMatchObject([{ completed: true }]));
      expect(await backstory?.status()).toMatchObject([
        { backfill: { completedAt: expect.any(Date) as Date } },
      ]);
      await loss(() => stages.set('account', 'shadow', { force: true }));
      expect(await stages.get('account')).toBe('shadow');
      await dataSource.query('insert into account values (2, 0)');
      const received = new Received();
      consumers.define({ name: 'reader', from: 'now', handlers: [onEvent(all, received.handle)] });
      await loss(() => consumers.start());
      expect(await consumers.list()).toMatchObject([{ name: 'reader' }]);
    } finally {
      await backstory?.close();
      await dataSource.destroy();
      await server.stop();
    }
  });

  it('a backfill, whose chunks do not wait for the disk, writes again what was lost', async () => {
    const server = await startEmbeddedServer();
    const database = await createTestDatabase({ serverUrl: server.url });
    const dataSource = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Account],
      synchronize: true,
      extra: { max: 6 },
    }).initialize();
    const rows = 40_000;
    await dataSource.query(`insert into account select g, 0 from generate_series(1, ${rows}) g`);
    const backstory = await createBackstory(dataSource);
    try {
      let over = false;
      let crashes = 0;
      const running = backstory.backfill({ chunkSize: 100, parallel: 2 }).finally(() => (over = true));
      let written = 0;
      const changed = (async () => {
        while (!over) {
          const id = 1 + ((written * 7919) % rows);
          const done = await dataSource
            .query('update account set balance = balance + 1 where id = $1', [id])
            .then(() => true)
            .catch(() => false);
          if (done) written++;
          await sleep(done ? 2 : 50);
        }
      })();
      while (!over && crashes < 4) {
        await Promise.race([sleep(250), running]);
        if (over) break;
        await crash(database.url)
          .then(() => crashes++)
          .catch(() => undefined);
      }
      const [report] = await running;
      await changed;
      expect(crashes).toBeGreaterThan(1);
      expect(report?.completed).toBe(true);
      const [found] = await dataSource.query(
        `select count(*)::int as first, count(distinct stream_id)::int as streams from backstory.events where stream_position = 1`,
      );
      expect(found).toEqual({ first: rows, streams: rows });
      const verified = await backstory.verify();
      expect(verified).toMatchObject({ aggregates: [{ drift: [] }], off: [], unseen: [], clean: true });
    } finally {
      await backstory.close();
      await dataSource.destroy();
      await server.stop();
    }
  });

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
