import { type RecordedEvent, streamName } from '../../event/index.js';
import { InvalidOptionsError } from '../../errors.js';
import type { EventPublisher } from '../../outbox/index.js';
import { type ContentMode, encodeCloudEvent, toCloudEvent } from '../cloud-events/index.js';
import {
  brokerUnavailable,
  checkPublisherOptions,
  eventRefused,
  inTime,
  PublishError,
  type PublisherOptions,
} from '../publishing/index.js';

export interface KafkaMessage {
  key: string;
  value: string;
  headers: Record<string, string>;
  timestamp: string;
}

/** A connected producer with the call of kafkajs; that of @confluentinc/kafka-javascript has it, too. */
export interface KafkaProducer {
  send(batch: { topic: string; acks: number; messages: KafkaMessage[] }): Promise<unknown>;
}

export interface KafkaPublisherOptions extends PublisherOptions {
  /** Make it with `idempotent: true`: then its own retries keep the order. Connecting and closing it stays with you. */
  readonly producer: KafkaProducer;
  /** @defaultValue `backstory.<category>` */
  readonly topic?: string | ((event: RecordedEvent) => string);
  /** @defaultValue 'binary' */
  readonly mode?: ContentMode;
  /** Messages in one call of the producer, at most. @defaultValue 100 */
  readonly maxInFlight?: number;
  /** @defaultValue 30 000 */
  readonly timeoutMs?: number;
}

const binding = { prefix: 'ce_', percentEncoded: false };

/**
 * Publishes through a producer as kafkajs has it. The key is the stream, so a stream stays in one partition; a partition takes
 * the messages of one call together and in order, and the next call waits for all in-sync replicas to have them.
 * @throws InvalidOptionsError
 */
export function kafkaPublisher(options: KafkaPublisherOptions): EventPublisher {
  checkPublisherOptions(options, 'kafkaPublisher');
  if (typeof options.producer?.send !== 'function') {
    throw new InvalidOptionsError(
      'kafkaPublisher: producer has no send().',
      'Give it a producer: new Kafka({ brokers }).producer({ idempotent: true }).',
    );
  }
  return new KafkaPublisher(options);
}

class KafkaPublisher implements EventPublisher {
  constructor(private readonly options: KafkaPublisherOptions) {}

  async publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    const { maxInFlight = 100 } = this.options;
    for (let first = 0; first < events.length;) {
      const next = events.slice(first, first + maxInFlight);
      const topic = this.topicOf(next[0] as RecordedEvent);
      const end = next.findIndex((event) => this.topicOf(event) !== topic);
      const together = end === -1 ? next : next.slice(0, end);
      await this.send(topic, together, signal);
      first += together.length;
    }
  }

  private async send(topic: string, events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    const { timeoutMs = 30_000, producer } = this.options;
    const late = (): Error =>
      brokerUnavailable(`Kafka has not confirmed topic "${topic}" in ${timeoutMs} ms`);
    try {
      signal.throwIfAborted();
      const messages = events.map((event) => this.message(event));
      await inTime(producer.send({ topic, acks: -1, messages }), { timeoutMs, signal, late });
    } catch (error) {
      if (isRefusal(error) && events.length > 1) {
        // Which of them it was shows when they go one by one.
        for (const event of events) await this.send(topic, [event], signal);
        return;
      }
      throw named(error, topic, events[0] as RecordedEvent);
    }
  }

  private message(event: RecordedEvent): KafkaMessage {
    const { source, mode = 'binary' } = this.options;
    const { contentType, headers, body } = encodeCloudEvent(toCloudEvent(event, source), mode, binding);
    return {
      key: streamName(event.category, event.streamId),
      value: body,
      headers: { 'content-type': contentType, ...headers },
      timestamp: String(event.recordedAt.getTime()),
    };
  }

  private topicOf(event: RecordedEvent): string {
    const { topic = (of: RecordedEvent) => `backstory.${of.category.replace(/[^\w.-]/g, '_')}` } =
      this.options;
    return typeof topic === 'string' ? topic : topic(event);
  }
}

/** The names that brokers give to messages which they will never take. */
const refusals = /^(?:ERR_)?(?:MESSAGE_TOO_LARGE|MSG_SIZE_TOO_LARGE|RECORD_LIST_TOO_LARGE|INVALID_RECORD)$/;

function isRefusal(error: unknown): boolean {
  const { type, cause } = error as { type?: unknown; cause?: { type?: unknown } };
  return refusals.test(String(type)) || refusals.test(String(cause?.type));
}

function named(error: unknown, topic: string, event: RecordedEvent): PublishError {
  const id = `${streamName(event.category, event.streamId)}@${event.streamPosition}`;
  const found =
    error instanceof PublishError
      ? error
      : isRefusal(error)
        ? eventRefused(`Kafka does not take ${id} into topic "${topic}": ${(error as Error).message}.`, error)
        : brokerUnavailable(`Kafka has not taken ${id} into topic "${topic}"`, error);
  found.event ??= event;
  return found;
}
