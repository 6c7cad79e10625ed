import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { natsPublisher } from '@backstory/adapter/nats';
import type { BrokerServer } from '../brokers/broker-server.js';
import { NatsStream } from '../brokers/nats-stream.js';
import { describeWithNats, startNats } from '../brokers/start-nats.js';
import { type Ledger, openLedger } from '../integration/outbox/ledger.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();
const random = seededRandom(seed);
const accounts = 30;
const partitions = 6;
const paymentsOfRound = 300;

describeWithNats(`a relay in three processes, seed ${seed}`, () => {
  let ledger: Ledger;
  let server: BrokerServer;
  let stream: NatsStream;
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    server = await startNats();
    ledger = await openLedger();
    stream = await new NatsStream(server.url).make();
    for (let id = 0; id < accounts; id++) await ledger.open(id);
    for (let place = 0; place < 3; place++) await start(place);
  }, 200_000);

  afterAll(async () => {
    await Promise.all(running.map(kill));
    await ledger?.close();
    await server?.stop();
  }, 60_000);

  async function start(place: number): Promise<void> {
    const script = ['-r', join(__dirname, '../typescript-process.cjs'), join(__dirname, 'relay-process.ts')];
    const child = spawn(
      process.execPath,
      [...script, ledger.url, server.url, stream.prefix, String(partitions)],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    running[place] = child;
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready'))),
    ]);
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Until each of them has its share. */
  async function shared(): Promise<void> {
    const own = running.map(({ pid }) => `:${pid}`);
    for (;;) {
      const workers = (await ledger.backstory.consumers.list()).map(({ worker }) => worker ?? '');
      if (own.every((each) => workers.filter((worker) => worker.endsWith(each)).length === 2)) return;
      await sleep(50);
    }
  }

  /** As many payments as are said, six at a time; something else happens in the middle of them, at random. */
  async function pay(meanwhile: () => Promise<unknown>): Promise<void> {
    const moment = random.integer(0, paymentsOfRound - 1);
    const happening: Promise<unknown>[] = [];
    let left = paymentsOfRound;
    const lane = async (): Promise<void> => {
      while (left > 0) {
        if (left-- === paymentsOfRound - moment) happening.push(meanwhile());
        await ledger.pay(random.integer(0, accounts - 1));
      }
    };
    await Promise.all(Array.from({ length: 6 }, lane));
    await Promise.all(happening);
  }

  async function expectEverythingInOrder(): Promise<void> {
    const last = new Map<string, number>();
    for (const { subject, streamposition } of await stream.received()) {
      const position = Number(streamposition);
      expect(position).toBeLessThanOrEqual((last.get(subject) ?? 0) + 1);
      last.set(subject, Math.max(position, last.get(subject) ?? 0));
    }
    const written: { stream: string; positions: number }[] = await ledger.dataSource.query(
      `select category || '-' || stream_id as stream, max(stream_position)::int as positions from backstory.events group by 1`,
    );
    expect(Object.fromEntries(last)).toEqual(
      Object.fromEntries(written.map(({ stream: name, positions }) => [name, positions])),
    );
  }

  it('shares the partitions, loses nothing and keeps the order of each stream while processes are killed and come', async () => {
    for (let round = 0; round < 5; round++) {
      await shared();
      const victims = [0, 1, 2].filter(() => random.integer(0, 1) === 1);
      await pay(() =>
        Promise.all(
          victims.map(async (place) => {
            await kill(running[place] as ChildProcess);
            await start(place);
          }),
        ),
      );
    }
    await ledger.backstory.consumers.wait('broker', undefined, { timeoutMs: 120_000 });
    await expectEverythingInOrder();
    expect(await ledger.backstory.consumers.parked('broker')).toEqual([]);
  }, 300_000);

  it('goes on under a new name with another number of partitions, from the position that the refusal names', async () => {
    const { consumers } = ledger.backstory;
    await pay(() => Promise.all(running.map(kill)));
    const subject = (): string => `${stream.prefix}.account`;
    const publisher = natsPublisher({ url: server.url, source: '/ledger', subject });
    consumers.relay({ name: 'broker', partitions: 4, publisher });
    const refused = await consumers.start().then(String, String);
    expect(refused).toContain(`has ${partitions} partitions, and 4 were asked for`);
    const from = /from: '(\d+)'/.exec(refused)?.[1] as `${bigint}`;
    consumers.forget('broker');
    consumers.relay({ name: 'broker-of-four', partitions: 4, from, publisher });
    await consumers.start();
    await consumers.wait('broker-of-four', undefined, { timeoutMs: 120_000 });
    await consumers.stop();
    await expectEverythingInOrder();
  }, 300_000);
});
