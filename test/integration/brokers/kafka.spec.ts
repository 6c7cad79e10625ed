import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedEvent } from '@backstory/adapter';
import { type KafkaMessage, kafkaPublisher } from '@backstory/adapter/kafka';
import { publisherContract } from '@backstory/adapter/testing';
import { Kafka, logLevel } from 'kafkajs';
import { contractEvent, newStream } from '../../../packages/adapter/src/testing/contracts/contract-events.js';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { KafkaTopics } from '../../brokers/kafka-topics.js';
import { describeWithKafka, kafkaAt, startKafka } from '../../brokers/start-kafka.js';

const running = new AbortController().signal;

describeWithKafka('over the wire of Kafka', () => {
  let server: BrokerServer;
  let topics: KafkaTopics;

  beforeAll(async () => {
    server = await startKafka();
    topics = await new KafkaTopics(server.url, 40).read();
  }, 60_000);

  afterAll(async () => {
    await topics?.close();
    await server?.stop();
  });

  async function connected(topic: string, mode: 'binary' | 'structured') {
    const producer = kafkaAt(server.url).producer();
    await producer.connect();
    return {
      producer,
      publisher: kafkaPublisher({ producer, source: '/shop', topic, mode, timeoutMs: 2_000 }),
    };
  }

  for (const mode of ['binary', 'structured'] as const) {
    publisherContract(
      `kafkajs, ${mode}`,
      async () => {
        const topic = topics.next();
        const { producer, publisher } = await connected(topic, mode);
        return {
          publisher,
          received: () => topics.of(topic).map(({ event }) => event),
          // It has all in memory: so it stands still, takes connections and answers nothing.
          interrupt: () => server.hang(),
          resume: () => Promise.resolve(server.goOn()),
          close: () => producer.disconnect(),
        };
      },
      // the mock takes messages of any size
      { refusals: false },
    );
  }

  it('keeps a stream in one partition, with the time of its events', async () => {
    const topic = topics.next();
    const { producer, publisher } = await connected(topic, 'binary');
    const streams = Array.from({ length: 12 }, () => newStream());
    const events = [1, 2, 3].flatMap((position) => streams.map((stream) => contractEvent(stream, position)));
    await publisher.publish(events, running);
    while (topics.of(topic).length < events.length) await sleep(10);
    await producer.disconnect();
    const partitions = new Map<string, Set<number>>();
    for (const { key, partition } of topics.of(topic))
      partitions.set(key, (partitions.get(key) ?? new Set()).add(partition));
    expect([...partitions.keys()].sort()).toEqual(streams.map((stream) => `order-${stream}`).sort());
    expect([...partitions.values()].every(({ size }) => size === 1)).toBe(true);
    expect(new Set([...partitions.values()].flatMap((found) => [...found])).size).toBeGreaterThan(1);
    const [first] = events;
    expect(topics.of(topic).find(({ key }) => key === `order-${first?.streamId}`)?.timestamp).toBe(
      String(first?.recordedAt.getTime()),
    );
  });
});

/** Not Kafka: a producer that refuses one message of a call as brokers do, which the mock cluster doesn't. */
class RefusingProducer {
  readonly sent: { topic: string; acks: number; messages: KafkaMessage[] }[] = [];

  readonly send = (call: (typeof this.sent)[number]): Promise<void> => {
    if (call.messages.some(({ value }) => value.length > 100_000)) {
      return Promise.reject(
        Object.assign(new Error('The request included a message too large'), { type: 'MESSAGE_TOO_LARGE' }),
      );
    }
    this.sent.push(call);
    return Promise.resolve();
  };
}

describe('the Kafka publisher', () => {
  it('has the stream for a key, waits for all replicas, and sends a topic at a time', async () => {
    const log = new RefusingProducer();
    const publisher = kafkaPublisher({ producer: log, source: '/shop', maxInFlight: 2 });
    const events = [1, 2, 3].map((position) => contractEvent('7', position));
    await publisher.publish([...events, contractEvent('8', 1, { category: 'customer' })], running);
    expect(
      log.sent.map(({ topic, acks, messages }) => [topic, acks, messages.map(({ key }) => key)]),
    ).toEqual([
      ['backstory.order', -1, ['order-7', 'order-7']],
      ['backstory.order', -1, ['order-7']],
      ['backstory.customer', -1, ['customer-8']],
    ]);
  });

  it('sends no more bytes at a time than allowed, and one message of any size', async () => {
    const log = new RefusingProducer();
    const publisher = kafkaPublisher({ producer: log, source: '/shop', maxInFlightBytes: 25_000 });
    const sizes = [5, 5, 5, 30, 5];
    const events = sizes.map((kilobytes, index) =>
      contractEvent('7', index + 1, { data: { much: 'x'.repeat(kilobytes * 1000) } }),
    );
    await publisher.publish(events, running);
    expect(log.sent.map(({ messages }) => messages.length)).toEqual([3, 1, 1]);
  });

  it('names the one of a call that is refused, when all before it are sent', async () => {
    const log = new RefusingProducer();
    const publisher = kafkaPublisher({ producer: log, source: '/shop' });
    const [first, large, third] = [1, 2, 3].map((position) =>
      contractEvent('7', position, position === 2 ? { data: { much: 'x'.repeat(150_000) } } : {}),
    ) as [RecordedEvent, RecordedEvent, RecordedEvent];
    await expect(publisher.publish([first, large, third], running)).rejects.toMatchObject({
      transient: false,
      event: large,
    });
    expect(log.sent.map(({ messages }) => messages.map(({ headers }) => headers['ce_id']))).toEqual([
      ['order-7@1'],
    ]);
  });

  it('takes a producer of kafkajs, and waits for brokers that are not there', async () => {
    const kafka = new Kafka({
      brokers: ['127.0.0.1:1'],
      retry: { retries: 1, initialRetryTime: 10 },
      logLevel: logLevel.NOTHING,
    });
    const publisher = kafkaPublisher({ producer: kafka.producer({ idempotent: true }), source: '/shop' });
    const event = contractEvent(newStream(), 1);
    await expect(publisher.publish([event], running)).rejects.toMatchObject({ transient: true, event });
  });

  it('gives up a producer that hangs', async () => {
    const producer = { send: () => new Promise<void>(() => undefined) };
    const publisher = kafkaPublisher({ producer, source: '/shop', timeoutMs: 50 });
    await expect(publisher.publish([contractEvent(newStream(), 1)], running)).rejects.toThrow('in 50 ms');
  });
});
