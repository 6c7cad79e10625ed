import {
  type CloudEvent,
  createInbox,
  type InboxDelivery,
  type InboxOptions,
} from '@backstory/adapter/inbox';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Pool } from 'pg';
import { toCloudEvent } from '../../../packages/adapter/src/brokers/cloud-events/index.js';
import { contractEvent } from '../../../packages/adapter/src/testing/contracts/contract-events.js';
import { seededRandom, seedOfRun } from '../../library/random.js';

const seed = seedOfRun();

/** An event of a stream, as a publisher whose log has had losses sends it. */
interface Sent {
  readonly position: number;
  /** Its epoch, and that of the one before it. */
  readonly epoch?: string;
  readonly previousEpoch?: string;
  readonly globalPosition: string;
}

const message = (stream: string, { position, ...more }: Sent): CloudEvent =>
  toCloudEvent(contractEvent(stream, position, more), '/shop');

describe(`the inbox of a publisher that has lost events, seed ${seed}`, () => {
  let database: TestDatabase;
  let pool: Pool;

  beforeEach(async () => {
    database = await createTestDatabase();
    pool = new Pool({ connectionString: database.url, max: 4 });
    await createInbox(pool).install();
  });

  afterEach(async () => {
    await pool.end();
    await database.drop();
  });

  const told: { id: string; replaces: InboxDelivery['replaces'] }[] = [];
  beforeEach(() => void told.splice(0));

  async function deliver(event: CloudEvent, options: InboxOptions = {}): Promise<string> {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const outcome = await createInbox(client, options).once(event, ({ id }, { replaces }) => {
        told.push({ id, replaces });
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

  const old = (position: number): CloudEvent => message('1', { position, globalPosition: String(position) });
  const renewed = (position: number, isFirst = false): CloudEvent =>
    message('1', {
      position,
      globalPosition: String(position),
      epoch: '7000',
      ...(isFirst && { previousEpoch: '0' }),
    });

  it('counts what was dropped because others have its place', async () => {
    for (const position of [1, 2, 3, 4]) await deliver(old(position));
    await deliver(renewed(3, true));
    expect(await deliver(old(4))).toBe('superseded');
    expect(await deliver(old(5))).toBe('superseded');
    const { rows } = await pool.query('select superseded::int as n from backstory_inbox.inbox_streams');
    expect(rows).toEqual([{ n: 2 }]);
  });

  it('a stream that was lost whole begins again, and one may be told to go on in an epoch', async () => {
    for (const position of [1, 2]) await deliver(old(position));
    expect(await deliver(renewed(1, true))).toBe('handled');
    expect(told.at(-1)?.replaces).toEqual({ epoch: '0', from: '1', through: '2' });
    const later = message('1', { position: 3, epoch: '8000', globalPosition: '3' });
    expect(await deliver(later)).toBe('waiting');
    const client = await pool.connect();
    await client.query('begin');
    await createInbox(client).skip({ source: '/shop', stream: 'order-1', through: 2, epoch: '8000' });
    await client.query('commit');
    client.release();
    // it has waited, so that its coming again is what has it handled
    expect(await deliver(later)).toBe('duplicate');
    expect(told.at(-1)?.id).toBe('order-1@3~8000');
  });

  it('another event at the same place without an epoch that says so is an error', async () => {
    await deliver(message('1', { position: 1, globalPosition: '10' }));
    await deliver(message('1', { position: 2, globalPosition: '20' }));
    await expect(deliver(message('1', { position: 2, globalPosition: '25' }))).rejects.toMatchObject({
      code: 'INBOX_CONFLICT',
    });
    await expect(deliver(message('1', { position: 1, globalPosition: '21' }))).rejects.toMatchObject({
      code: 'INBOX_CONFLICT',
    });
    await expect(deliver(message('1', { position: 3, globalPosition: '15' }))).rejects.toMatchObject({
      code: 'INBOX_CONFLICT',
    });
    expect(await deliver(message('1', { position: 2, globalPosition: '20' }))).toBe('duplicate');
  });

  it('takes over the tables of before there were epochs, with what waits in them', async () => {
    await pool.query(`drop schema backstory_inbox cascade; create schema backstory_inbox;
      create table backstory_inbox.inbox_streams (consumer text not null, source text not null, stream text not null,
        first bigint not null, last bigint not null, primary key (consumer, source, stream));
      create table backstory_inbox.inbox_waiting (consumer text not null, source text not null, stream text not null,
        position bigint not null, event text not null, arrived_at timestamptz not null default now(),
        primary key (consumer, source, stream, position));
      insert into backstory_inbox.inbox_streams values ('default', '/shop', 'order-1', 1, 1)`);
    await pool.query(
      `insert into backstory_inbox.inbox_waiting values ('default', '/shop', 'order-1', 3, $1)`,
      [JSON.stringify(old(3))],
    );
    await expect(deliver(old(2))).rejects.toMatchObject({ code: 'INBOX_NOT_INSTALLED' });
    await createInbox(pool).install();
    await createInbox(pool).install();
    expect(await deliver(old(2))).toBe('handled');
    expect(told.map(({ id }) => id)).toEqual(['order-1@2', 'order-1@3']);
    expect(await deliver(renewed(2, true))).toBe('handled');
  });

  it('after any losses, with everything repeated and shuffled, what was handled last is the log that has survived', async () => {
    const random = seededRandom(seed);
    for (let run = 0; run < 25; run++) {
      const stream = `run-${run}`;
      const epochOf = (sent: Sent | undefined): string => sent?.epoch ?? '0';
      let log: Sent[] = [];
      let end = 0;
      const all: Sent[] = [];
      for (let epoch = 0; epoch <= random.integer(1, 4); epoch++) {
        log = log.slice(0, random.integer(0, log.length));
        end = Math.max(end - 3, Number(log.at(-1)?.globalPosition ?? 0));
        const first = log.length;
        for (let n = random.integer(1, 6); n > 0; n--) {
          const number = epoch === 0 ? undefined : String(1000 + epoch);
          const isFirst = log.length === first;
          log.push({
            position: log.length + 1,
            globalPosition: String((end += 1)),
            ...(number !== undefined && { epoch: number }),
            ...(number !== undefined && isFirst && { previousEpoch: epochOf(log.at(-1)) }),
          });
        }
        all.push(...log);
      }
      const queue = [...all, ...all].map((each) => ({ each, at: random.integer(0, 1_000_000) }));
      queue.sort((a, b) => a.at - b.at);
      told.splice(0);
      for (const { each } of queue) await deliver(message(stream, each), { from: 'beginning' });
      const kept: string[] = [];
      for (const { id, replaces } of told) {
        if (replaces) kept.splice(Number(replaces.from) - 1);
        kept.push(id);
      }
      expect(kept).toEqual(log.map((sent) => message(stream, sent).id));
      expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
    }
    expect((await pool.query('select from backstory_inbox.inbox_waiting')).rowCount).toBe(0);
  });
});
