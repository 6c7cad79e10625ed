import { type CloudEvent, type KafkaMessage, kafkaPublisher, readCloudEvent } from '@backstory/adapter/kafka';
import { publisherContract } from '@backstory/adapter/testing';
import { Kafka, logLevel } from 'kafkajs';
import { contractEvent, newStream } from '../../../packages/adapter/src/brokers/contract/contract-events.js';

const running = new AbortController().signal;

/** Not Kafka: a log that takes the messages of one call together or not at all, and can be away. */
class RecordedLog {
  readonly calls: { topic: string; acks: number; messages: KafkaMessage[] }[] = [];
  away = false;

  readonly send = (call: (typeof this.calls)[number]): Promise<void> => {
    if (this.away) return Promise.reject(new Error('The producer is disconnected'));
    if (call.messages.some(({ value }) => value.length > 100_000)) {
      return Promise.reject(
        Object.assign(new Error('The request included a message too large'), { type: 'MESSAGE_TOO_LARGE' }),
      );
    }
    this.calls.push(call);
    return Promise.resolve();
  };

  get events(): CloudEvent[] {
    return this.calls.flatMap(({ messages }) =>
      messages.map(({ headers, value }) => readCloudEvent({ headers, body: value })),
    );
  }
}

for (const mode of ['binary', 'structured'] as const) {
  publisherContract(`a kafkajs-shaped producer, ${mode}`, () => {
    const log = new RecordedLog();
    return Promise.resolve({
      publisher: kafkaPublisher({ producer: log, source: '/shop', mode }),
      received: () => log.events,
      interrupt: () => Promise.resolve(void (log.away = true)),
      resume: () => Promise.resolve(void (log.away = false)),
      unacceptable: (event) => ({ ...event, data: { much: 'x'.repeat(150_000) } }),
      close: () => Promise.resolve(),
    });
  });
}

describe('the Kafka publisher', () => {
  it('has the stream for a key, waits for all replicas, and sends a topic at a time', async () => {
    const log = new RecordedLog();
    const publisher = kafkaPublisher({ producer: log, source: '/shop', maxInFlight: 2 });
    const events = [1, 2, 3].map((position) => contractEvent('7', position));
    await publisher.publish([...events, contractEvent('8', 1, { category: 'customer' })], running);
    expect(
      log.calls.map(({ topic, acks, messages }) => [topic, acks, messages.map(({ key }) => key)]),
    ).toEqual([
      ['backstory.order', -1, ['order-7', 'order-7']],
      ['backstory.order', -1, ['order-7']],
      ['backstory.customer', -1, ['customer-8']],
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
