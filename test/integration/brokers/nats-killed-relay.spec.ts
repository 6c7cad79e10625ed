import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBackstory } from '@backstory/adapter';
import { natsPublisher } from '@backstory/adapter/nats';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { DataSource } from 'typeorm';
import { contractEvent, newStream } from '../../../packages/adapter/src/testing/contracts/contract-events.js';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { NatsStream } from '../../brokers/nats-stream.js';
import { describeWithNats, startNats } from '../../brokers/start-nats.js';
import { seededRandom, seedOfRun } from '../../library/random.js';
import { notes } from '../standbys/replicated-shop.js';

jest.setTimeout(300_000);

const running = new AbortController().signal;
const nanoseconds = 1e6;

describeWithNats('a relay to NATS that is killed', () => {
  let server: BrokerServer;
  let database: TestDatabase;
  let children: ChildProcess[] = [];

  beforeAll(async () => {
    server = await startNats();
  }, 200_000);

  beforeEach(async () => {
    database = await createTestDatabase();
    const dataSource = new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [notes],
      synchronize: true,
    });
    await dataSource.initialize();
    const backstory = await createBackstory(dataSource, { aggregates: ['Note'] });
    await dataSource.query(`insert into note (body) select 'n' from generate_series(1, 40)`);
    for (let round = 0; round < 4; round++) await dataSource.query(`update note set body = body || 'x'`);
    await backstory.close();
    await dataSource.destroy();
  });

  afterEach(async () => {
    for (const child of children) child.kill('SIGKILL');
    children = [];
    await database.drop();
  });

  afterAll(() => server?.stop());

  const everything = 40 * 5;

  function start(
    { prefix }: NatsStream,
    hold: 'hold' | 'go on',
    published: Map<string, number>,
  ): ChildProcess {
    const child = fork(join(__dirname, 'nats-relay-process.ts'), [database.url, server.url, prefix, hold], {
      execArgv: ['-r', join(__dirname, '../../typescript-process.cjs')],
    });
    children.push(child);
    child.on('message', ({ publishing = [] }: { publishing?: string[] }) => {
      for (const position of publishing) published.set(position, (published.get(position) ?? 0) + 1);
    });
    return child;
  }

  async function confirmed(child: ChildProcess): Promise<void> {
    for (;;) {
      const [message] = (await once(child, 'message')) as [{ confirmed?: number }];
      if (message.confirmed !== undefined) return;
    }
  }

  async function kill(child: ChildProcess): Promise<void> {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async function finish(stream: NatsStream, published: Map<string, number>): Promise<string[]> {
    const last = start(stream, 'go on', published);
    const ended = once(last, 'exit');
    last.send('finish');
    // by itself: nothing of the publisher is left
    expect(await ended).toEqual([0, null]);
    return (await stream.received()).filter(({ source }) => source === '/shop').map(({ id }) => id);
  }

  it('between publishing and its checkpoint, and at random: the stream holds each event once', async () => {
    const seed = seedOfRun();
    process.stderr.write(`killed relay: BACKSTORY_SEED=${seed}\n`);
    const random = seededRandom(seed);
    const stream = await new NatsStream(server.url).make();
    const published = new Map<string, number>();
    for (let round = 0; round < 6; round++) {
      const child = start(stream, round % 2 === 0 ? 'hold' : 'go on', published);
      await confirmed(child);
      if (round % 2 === 1) await sleep(random.integer(0, 60));
      await kill(child);
    }
    const ids = await finish(stream, published);
    expect([...published.values()].filter((times) => times > 1).length).toBeGreaterThan(0);
    expect(ids).toHaveLength(everything);
    expect(new Set(ids).size).toBe(everything);
  });

  it('and comes back after the duplicate window: what was published without a checkpoint is there twice', async () => {
    const stream = await new NatsStream(server.url).make({ duplicate_window: 100 * nanoseconds });
    const published = new Map<string, number>();
    const child = start(stream, 'hold', published);
    await confirmed(child);
    await kill(child);
    // younger than what the relay has published: once the stream has forgotten this, it has forgotten that, too
    const options = { url: server.url, subject: () => `${stream.prefix}.x`, onWarning: () => undefined };
    const probe = natsPublisher({ ...options, source: '/probe' });
    const probed = async (): Promise<number> => {
      await probe.publish([contractEvent('probe', 1)], running);
      return (await stream.received()).filter(({ source }) => source === '/probe').length;
    };
    while ((await probed()) < 2) await sleep(150);
    await probe.close?.();
    const ids = await finish(stream, published);
    expect(new Set(ids).size).toBe(everything);
    expect(ids.length).toBeGreaterThan(everything);
  });

  it.each([
    [10_000, /drops what is published again for 10 s only.*--dupe-window/],
    [120_000, undefined],
  ])(
    'warns once of a duplicate window that is shorter than its pauses: %i ms',
    async (windowMs, expected) => {
      const stream = await new NatsStream(server.url).make({ duplicate_window: windowMs * nanoseconds });
      const warnings: string[] = [];
      const connection = await connect({ servers: new URL(server.url).host });
      const publisher = natsPublisher({
        jetstream: jetstream(connection),
        source: '/shop',
        subject: () => `${stream.prefix}.x`,
        onWarning: (message) => void warnings.push(message),
      });
      const id = newStream();
      for (let position = 1; position <= 3; position++)
        await publisher.publish([contractEvent(id, position)], running);
      // the question was put with the first: its answer is here before one to a later question
      await (await jetstreamManager(connection)).streams.info(stream.prefix);
      await new Promise(setImmediate);
      await connection.close();
      expect(warnings).toEqual(expected === undefined ? [] : [expect.stringMatching(expected)]);
    },
  );
});
