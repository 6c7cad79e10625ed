import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type CloudEvent, createInbox, type InboxOptions, type InboxOutcome } from '@backstory/adapter/inbox';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { toCloudEvent } from '../../../packages/adapter/src/brokers/cloud-events/index.js';
import { contractEvent } from '../../../packages/adapter/src/testing/contracts/contract-events.js';

const event = (stream: string, position: number, source = '/shop'): CloudEvent =>
  toCloudEvent(contractEvent(stream, position, { globalPosition: String(position) }), source);

describe('the inbox', () => {
  let database: TestDatabase;
  let pool: Pool;

  beforeEach(async () => {
    database = await createTestDatabase();
    pool = new Pool({ connectionString: database.url, max: 10 });
    await pool.query('create table effects (place bigserial, id text)');
    await createInbox(pool).install();
  });

  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  async function deliver(
    delivered: CloudEvent,
    options: InboxOptions = {},
    fail?: (event: CloudEvent) => void,
  ): Promise<InboxOutcome> {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const outcome = await createInbox(client, options).once(delivered, async (handled) => {
        await client.query('insert into effects (id) values ($1)', [handled.id]);
        fail?.(handled);
      });
      await client.query('commit');
      return outcome;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  }

  const effects = async (): Promise<string[]> =>
    (await pool.query<{ id: string }>('select id from effects order by place')).rows.map(({ id }) => id);

  it('handles each event once for each of its names', async () => {
    expect(await deliver(event('1', 1))).toBe('handled');
    expect(await deliver(event('1', 1), { consumer: 'other' })).toBe('handled');
    expect(await deliver(event('1', 1), { consumer: 'other' })).toBe('duplicate');
    expect(await effects()).toEqual(['order-1@1', 'order-1@1']);
  });

  it('waits for the beginning of a stream where it is told to, and else says what comes from before it', async () => {
    expect(await deliver(event('1', 2), { from: 'beginning' })).toBe('waiting');
    expect(await deliver(event('1', 1), { from: 'beginning' })).toBe('handled');
    expect(await deliver(event('2', 2))).toBe('handled');
    await expect(deliver(event('2', 1))).rejects.toMatchObject({
      code: 'INBOX_TOO_EARLY',
      message: expect.stringMatching(
        /stream "order-2" of \/shop: event 1 arrived, and the stream was begun with 2/,
      ),
    });
  });

  it('takes no more behind a gap than it may, and goes on behind what will never come', async () => {
    const options = { buffer: 2 };
    for (const position of [1, 3, 4]) await deliver(event('1', position), options);
    await expect(deliver(event('1', 5), options)).rejects.toMatchObject({
      code: 'INBOX_GAP',
      message: expect.stringContaining('event 2 has not arrived'),
    });
    const client = await pool.connect();
    await client.query('begin');
    await createInbox(client, options).skip({ source: '/shop', stream: 'order-1', through: 2 });
    await client.query('commit');
    client.release();
    expect(await deliver(event('1', 5), options)).toBe('handled');
    expect(await effects()).toEqual(['order-1@1', 'order-1@3', 'order-1@4', 'order-1@5']);
  });

  it('in any order only drops repeated ones, and forgets them after a while', async () => {
    const options = { order: 'any' } as const;
    expect(await deliver(event('1', 7), options)).toBe('handled');
    expect(await deliver(event('1', 3), options)).toBe('handled');
    expect(await deliver(event('1', 7), options)).toBe('duplicate');
    await createInbox(pool, options).forget(0);
    expect(await deliver(event('1', 7), options)).toBe('handled');
  });

  it('refuses to run outside of a transaction, without its tables, and for what has no place', async () => {
    let called = false;
    const handler = (): void => void (called = true);
    for (const order of ['stream', 'any'] as const) {
      await expect(createInbox(pool, { order }).once(event('1', 1), handler)).rejects.toMatchObject({
        code: 'INBOX_OUTSIDE_TRANSACTION',
      });
    }
    await expect(createInbox(pool, { schema: 'other' }).once(event('1', 1), handler)).rejects.toMatchObject({
      code: 'INBOX_NOT_INSTALLED',
    });
    const { streamposition: _, ...placeless } = event('1', 1);
    await expect(createInbox(pool).once(placeless as CloudEvent, handler)).rejects.toMatchObject({
      code: 'NOT_A_CLOUD_EVENT',
    });
    expect(called).toBe(false);
  });

  it('installs at the same time in several processes, and again', async () => {
    await Promise.all(Array.from({ length: 5 }, () => createInbox(pool, { schema: 'An "inbox"' }).install()));
    expect(await deliver(event('1', 1), { schema: 'An "inbox"' })).toBe('handled');
  });

  it('refuses to run without its tables in a transaction of TypeORM, too', async () => {
    const dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    const refused = createInbox(dataSource.manager, { schema: 'x' }).once(event('1', 9), () => 1);
    await expect(refused).rejects.toMatchObject({ code: 'INBOX_NOT_INSTALLED' });
    await dataSource.destroy();
  });

  it('a process that is killed between effect and commit has done nothing', async () => {
    const child = spawn(
      process.execPath,
      [
        '-r',
        join(__dirname, '../../typescript-process.cjs'),
        join(__dirname, 'inbox-process.ts'),
        database.url,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(await deliver(event('crash', 1))).toBe('handled');
    expect(await effects()).toEqual(['order-crash@1']);
  });
});
