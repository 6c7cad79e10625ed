import type { RecordedEvent } from '@backstory/adapter';
import { rabbitMqPublisher } from '@backstory/adapter/rabbitmq';
import { publisherContract } from '@backstory/adapter/testing';
import { connect } from 'amqplib';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { contractEvent, newStream } from '../../../packages/adapter/src/testing/contracts/contract-events.js';
import { RabbitMqQueue } from '../../brokers/rabbitmq-queue.js';
import { describeWithRabbitMq, startRabbitMq } from '../../brokers/start-rabbitmq.js';

const running = new AbortController().signal;

describeWithRabbitMq('with RabbitMQ', () => {
  let server: BrokerServer;

  beforeAll(async () => {
    server = await startRabbitMq();
  }, 200_000);

  afterAll(() => server?.stop());

  const much = 'x'.repeat(250_000);
  const unacceptable = (event: RecordedEvent): RecordedEvent => ({ ...event, data: { much } });

  publisherContract('RabbitMQ, binary', async () => {
    const queue = await new RabbitMqQueue(server.url).bind();
    const { exchange } = queue;
    return {
      publisher: rabbitMqPublisher({ url: server.url, source: '/shop', exchange, timeoutMs: 5000 }),
      received: () => queue.received(),
      interrupt: () => server.crash(),
      resume: async () => void (await server.start()),
      unacceptable,
      close: () => Promise.resolve(),
    };
  });

  publisherContract(
    'RabbitMQ, structured, on an open connection',
    async () => {
      const queue = await new RabbitMqQueue(server.url).bind();
      const connection = await connect(server.url);
      return {
        publisher: rabbitMqPublisher({
          connection,
          source: '/shop',
          exchange: queue.exchange,
          mode: 'structured',
        }),
        received: () => queue.received(),
        unacceptable,
        close: () => connection.close(),
      };
    },
    { outages: false },
  );

  it('waits for a queue to be bound, and says which; or drops, where it is told to', async () => {
    const queue = new RabbitMqQueue(server.url);
    const { exchange } = queue;
    const publisher = rabbitMqPublisher({ url: server.url, source: '/shop', exchange });
    const event = contractEvent(newStream(), 1);
    await expect(publisher.publish([event], running)).rejects.toMatchObject({
      code: 'EVENT_NOT_ROUTED',
      transient: true,
      event,
      message: expect.stringMatching(
        new RegExp(`exchange "${exchange}" with routing key "order.OrderCreated"`),
      ),
    });
    const careless = rabbitMqPublisher({ url: server.url, source: '/shop', exchange, unroutable: 'drop' });
    await careless.publish([event], running);
    await queue.bind();
    await publisher.publish([event], running);
    expect(await queue.received()).toHaveLength(1);
    await publisher.close?.();
    await careless.close?.();
  });

  it('waits while a queue is full', async () => {
    const queue = await new RabbitMqQueue(server.url).bind('#', {
      arguments: { 'x-max-length': 2, 'x-overflow': 'reject-publish' },
    });
    const publisher = rabbitMqPublisher({ url: server.url, source: '/shop', exchange: queue.exchange });
    const events = [1, 2, 3, 4].map((position) => contractEvent('full', position));
    await expect(publisher.publish(events, running)).rejects.toMatchObject({
      transient: true,
      message: expect.stringContaining('a queue is full'),
    });
    expect((await queue.received()).length).toBeGreaterThanOrEqual(2);
    await publisher.close?.();
  });

  it('gives up a broker that hangs, and is through to it again when it goes on', async () => {
    const queue = await new RabbitMqQueue(server.url).bind();
    const { exchange } = queue;
    const publisher = rabbitMqPublisher({ url: server.url, source: '/shop', exchange, timeoutMs: 700 });
    const events = [1, 2, 3].map((position) => contractEvent(newStream(), position));
    await publisher.publish(events.slice(0, 1), running);
    await server.hang();
    try {
      for (const attempt of [1, 2]) {
        const started = performance.now();
        await expect(publisher.publish(events, running)).rejects.toMatchObject({ transient: true });
        expect({ attempt, late: performance.now() - started > 3000 }).toEqual({ attempt, late: false });
      }
    } finally {
      server.goOn();
    }
    await expect(
      publisher.publish(events, running).catch(() => publisher.publish(events, running)),
    ).resolves.toBeUndefined();
    await publisher.close?.();
  });

  it('says that an exchange is missing where it is not to make it, and that nobody listens', async () => {
    const publisher = rabbitMqPublisher({
      url: server.url,
      source: '/shop',
      exchange: 'none',
      exchangeType: false,
    });
    const event = contractEvent(newStream(), 1);
    await expect(publisher.publish([event], running)).rejects.toMatchObject({
      transient: true,
      message: expect.stringContaining("no exchange 'none'"),
    });
    await publisher.close?.();
    const nowhere = rabbitMqPublisher({ url: 'amqp://127.0.0.1:1', source: '/shop' });
    await expect(nowhere.publish([event], running)).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      message: expect.stringContaining('RabbitMQ can not be reached: connect ECONNREFUSED 127.0.0.1:1'),
    });
  });
});
