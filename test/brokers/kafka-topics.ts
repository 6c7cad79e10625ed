import { randomUUID } from 'node:crypto';
import { type CloudEvent, readCloudEvent } from '@backstory/adapter/kafka';
import type { Consumer, IHeaders } from 'kafkajs';
import { kafkaAt } from './start-kafka.js';

/** A message as it lies in its partition. */
export interface TakenMessage {
  readonly key: string;
  readonly partition: number;
  readonly timestamp: string;
  readonly event: CloudEvent;
}

/** Topics that are read from their beginning, in one consumer group: who joins a group waits for three seconds. */
export class KafkaTopics {
  private readonly taken = new Map<string, TakenMessage[]>();
  private readonly unused: string[];
  private readonly consumer: Consumer;

  constructor(url: string, topics: number) {
    const run = randomUUID();
    this.unused = Array.from({ length: topics }, (_, index) => `topic-${index}-${run}`);
    for (const topic of this.unused) this.taken.set(topic, []);
    this.consumer = kafkaAt(url).consumer({
      groupId: run,
      maxWaitTimeInMs: 100,
      retry: { retries: 1_000, maxRetryTime: 500 },
    });
  }

  async read(): Promise<this> {
    await this.consumer.connect();
    await this.consumer.subscribe({ topics: [...this.taken.keys()], fromBeginning: true });
    await this.consumer.run({
      eachMessage: ({ topic, partition, message: { key, value, headers = {}, timestamp } }) => {
        const event = readCloudEvent({ headers: inText(headers), body: value ?? '' });
        this.taken.get(topic)?.push({ key: String(key), partition, timestamp, event });
        return Promise.resolve();
      },
    });
    return this;
  }

  /** One that no other test has. */
  next(): string {
    const topic = this.unused.pop();
    if (topic === undefined) throw new Error('There are more tests than topics.');
    return topic;
  }

  of(topic: string): readonly TakenMessage[] {
    return this.taken.get(topic) ?? [];
  }

  close(): Promise<void> {
    return this.consumer.disconnect();
  }
}

function inText(headers: IHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
