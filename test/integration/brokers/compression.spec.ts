import { gzipSync } from 'node:zlib';
import { readCloudEvent as readOfKafka, kafkaPublisher } from '@backstory/adapter/kafka';
import { rabbitMqPublisher } from '@backstory/adapter/rabbitmq';
import { readCloudEvent, verifyWebhook } from '@backstory/adapter/webhook';
import { connect } from 'amqplib';
import { CompressionTypes } from 'kafkajs';
import { contractEvent, newStream } from '../../../packages/adapter/src/testing/contracts/contract-events.js';
import { KafkaTopics } from '../../brokers/kafka-topics.js';
import { RabbitMqQueue } from '../../brokers/rabbitmq-queue.js';
import { describeWithKafka, kafkaAt, startKafka } from '../../brokers/start-kafka.js';
import { describeWithRabbitMq, startRabbitMq } from '../../brokers/start-rabbitmq.js';

const running = new AbortController().signal;
const large = { text: 'many words '.repeat(20_000) };

describeWithRabbitMq('compressed to RabbitMQ', () => {
  it('only what is large, and a receiver reads both', async () => {
    const server = await startRabbitMq();
    const queue = await new RabbitMqQueue(server.url).bind();
    const publisher = rabbitMqPublisher({
      url: server.url,
      source: '/shop',
      exchange: queue.exchange,
      compression: 'gzip',
    });
    try {
      const stream = newStream();
      const events = [contractEvent(stream, 1), contractEvent(stream, 2, { data: large })];
      await publisher.publish(events, running);
      const connection = await connect(server.url);
      const channel = await connection.createChannel();
      const found: [unknown, number][] = [];
      for (let tag = 0; tag < 2; tag++) {
        const message = await channel.get(queue.queue);
        if (message) found.push([message.properties.contentEncoding, message.content.length]);
      }
      await connection.close();
      expect(found.map(([encoding]) => encoding)).toEqual([undefined, 'gzip']);
      expect(found[1]?.[1]).toBeLessThan(10_000);
      expect((await queue.received()).map(({ data }) => data)).toEqual(events.map(({ data }) => data));
    } finally {
      await publisher.close?.();
      await server.stop();
    }
  }, 200_000);
});

describeWithKafka('compressed to Kafka', () => {
  it('by kafkajs, whose consumer unpacks it', async () => {
    const server = await startKafka();
    const topics = await new KafkaTopics(server.url, 1).read();
    const topic = topics.next();
    const producer = kafkaAt(server.url).producer();
    await producer.connect();
    const calls: unknown[] = [];
    const watched = {
      send: (batch: Parameters<typeof producer.send>[0]) => {
        calls.push(batch.compression);
        return producer.send(batch);
      },
    };
    const publisher = kafkaPublisher({ producer: watched, source: '/shop', topic, compression: 'gzip' });
    const stream = newStream();
    await publisher.publish([contractEvent(stream, 1)], running);
    await publisher.publish([contractEvent(stream, 2, { data: large })], running);
    while (topics.of(topic).length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    await topics.close();
    await producer.disconnect();
    await server.stop();
    expect(calls).toEqual([undefined, CompressionTypes.GZIP]);
    expect(topics.of(topic)[1]?.event.data).toEqual(large);
  }, 60_000);
});

describe('a compressed body', () => {
  const event = { specversion: '1.0', id: 'a-1@1', source: '/shop', type: 'A', data: { a: 1 } };

  it('is read by every entry', () => {
    const body = gzipSync(JSON.stringify(event));
    expect(readCloudEvent({ body })).toEqual(event);
    expect(readOfKafka({ body: new Uint8Array(body) })).toEqual(event);
  });

  it('that is none, or comes to more than a receiver wants, is no event', () => {
    expect(() => readCloudEvent({ body: Buffer.from([0x1f, 0x8b, 1, 2]) })).toThrow("can't be unpacked");
    const headers = {
      'webhook-id': 'a',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': 'v1,abc',
    };
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const body = gzipSync(Buffer.alloc(20_000_000));
    expect(() => verifyWebhook({ headers, body, secret })).toThrow('more than 16000000 bytes');
  });
});
