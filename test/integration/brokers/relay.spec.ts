import type { EventPublisher } from '@backstory/adapter';
import { type CloudEvent, natsPublisher } from '@backstory/adapter/nats';
import { rabbitMqPublisher } from '@backstory/adapter/rabbitmq';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { NatsStream } from '../../brokers/nats-stream.js';
import { RabbitMqQueue } from '../../brokers/rabbitmq-queue.js';
import { describeWithNats, startNats } from '../../brokers/start-nats.js';
import { describeWithRabbitMq, startRabbitMq } from '../../brokers/start-rabbitmq.js';
import { type Ledger, openLedger } from '../outbox/ledger.js';

interface Broker {
  readonly server: BrokerServer;
  readonly publisher: EventPublisher;
  readonly received: () => Promise<readonly CloudEvent[]>;
}

async function openRabbitMq(): Promise<Broker> {
  const server = await startRabbitMq();
  const queue = await new RabbitMqQueue(server.url).bind();
  const { exchange } = queue;
  const publisher = rabbitMqPublisher({ url: server.url, source: '/ledger', exchange, timeoutMs: 1000 });
  return { server, publisher, received: () => queue.received() };
}

async function openNats(): Promise<Broker> {
  const server = await startNats();
  const stream = await new NatsStream(server.url).make();
  const subject = (): string => `${stream.prefix}.account`;
  const publisher = natsPublisher({ url: server.url, source: '/ledger', subject, timeoutMs: 1000 });
  return { server, publisher, received: () => stream.received() };
}

describeWithRabbitMq('a relay to RabbitMQ', () => relayTests(openRabbitMq));
describeWithNats('a relay to NATS', () => relayTests(openNats));

function relayTests(open: () => Promise<Broker>): void {
  let ledger: Ledger;
  let broker: Broker;

  beforeAll(async () => {
    broker = await open();
    ledger = await openLedger();
  }, 200_000);

  afterAll(async () => {
    await ledger?.close();
    await broker?.server.stop();
  });

  async function write(writes: number): Promise<void> {
    for (let index = 0; index < writes; index++) await ledger.pay(index % 5);
  }

  it('loses nothing, keeps the order and holds up no writer while the broker crashes, hangs and comes back', async () => {
    const { consumers } = ledger.backstory;
    const { server, publisher } = broker;
    consumers.relay({ name: 'broker', partitions: 2, publisher });
    await consumers.start();
    for (let id = 0; id < 5; id++) await ledger.open(id);
    await write(150);
    await server.crash();
    await write(150);
    await server.start();
    await write(50);
    await server.hang();
    await write(150);
    server.goOn();
    await write(50);
    await consumers.wait('broker', undefined, { timeoutMs: 90_000 });

    const last = new Map<string, number>();
    const ids = new Set<string>();
    for (const { id, subject, streamposition } of await broker.received()) {
      ids.add(id);
      const position = Number(streamposition);
      expect(position).toBeLessThanOrEqual((last.get(subject) ?? 0) + 1);
      last.set(subject, Math.max(position, last.get(subject) ?? 0));
    }
    expect(ids.size).toBe(5 + 550);
    expect(await consumers.parked('broker')).toEqual([]);
  }, 300_000);

  it('stops while the broker hangs, without a fault of anybody in its state', async () => {
    const { consumers } = ledger.backstory;
    await consumers.start();
    await broker.server.hang();
    try {
      await write(20);
      const started = performance.now();
      await consumers.stop();
      expect(performance.now() - started).toBeLessThan(20_000);
      for (const { worker } of await consumers.list()) expect(worker).toBeNull();
    } finally {
      broker.server.goOn();
    }
    await consumers.start();
    await consumers.wait('broker', undefined, { timeoutMs: 60_000 });
    expect(new Set((await broker.received()).map(({ id }) => id)).size).toBe(5 + 550 + 20);
    await consumers.stop();
  }, 200_000);
}
