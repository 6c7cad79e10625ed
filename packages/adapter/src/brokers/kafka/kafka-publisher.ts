import { type RecordedEvent, streamName } from '../../event/index.js';
import { InvalidOptionsError } from '../../errors.js';
import type { EventPublisher } from '../../outbox/index.js';
import { type ContentMode, encodeCloudEvent, toCloudEvent } from '../cloud-events/index.js';
import {
  brokerUnavailable,
  checkPublisherOptions,
  Compression,
  eventRefused,
  inTime,
  publishInChunks,
  type PublishError,
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
  send(batch: {
    topic: string;
    acks: number;
    messages: KafkaMessage[];
    compression?: number;
  }): Promise<unknown>;
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
  /** Bytes in one call of the producer, at most; one message always goes whole. @defaultValue 900 000: brokers take 1 MB */
  readonly maxInFlightBytes?: number;
  /**
   * Has kafkajs compress its requests: consumers unpack them by themselves. Clients on librdkafka are told in their own
   * configuration (`compression.codec`), and refuse to be told here.
   * @defaultValue none
   */
  readonly compression?: 'gzip';
  /** Bytes of a request below which nothing is compressed. @defaultValue 4096 */
  readonly compressionThreshold?: number;
  /** @defaultValue 30 000 */
  readonly timeoutMs?: number;
}

/** `CompressionTypes.GZIP` of kafkajs. */
const gzip = 1;
/** What the attributes of a message come to, about. */
const headerBytes = 1000;
const binding = { prefix: 'ce_', percentEncoded: false };

/**
 * Publishes through a producer as kafkajs has it. The key is the stream, so a stream stays in one partition; a partition takes
 * the messages of one call together and in order, and the next call waits for all in-sync replicas to have them.
 * @throws InvalidOptionsError
 * @example backstory.consumers.relay({ name: 'broker', publisher: kafkaPublisher({ producer, source: '/shop' }) });
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
  private readonly compression: Compression;

  constructor(private readonly options: KafkaPublisherOptions) {
    this.compression = new Compression(options);
  }

  publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    const { maxInFlight = 100, maxInFlightBytes = 900_000 } = this.options;
    return publishInChunks(events, {
      most: maxInFlight,
      mostBytes: maxInFlightBytes,
      signal,
      targetOf: (event) => this.topicOf(event),
      encode: (event) => {
        const encoded = this.message(event);
        return { bytes: Buffer.byteLength(encoded.value) + headerBytes, encoded };
      },
      send: (topic, messages) => this.send(topic, messages, signal),
      isRefusal,
      inWords,
    });
  }

  private async send(topic: string, messages: readonly KafkaMessage[], signal: AbortSignal): Promise<void> {
    const { timeoutMs = 30_000, producer } = this.options;
    const late = (): Error =>
      brokerUnavailable(`Kafka has not confirmed topic "${topic}" in ${timeoutMs} ms`);
    const bytes = messages.reduce((sum, { value }) => sum + Buffer.byteLength(value), 0);
    const batch = {
      topic,
      acks: -1,
      messages: [...messages],
      ...(this.compression.isFor(bytes) && { compression: gzip }),
    };
    await inTime(producer.send(batch), { timeoutMs, signal, late });
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

function inWords(error: unknown, topic: string, event: RecordedEvent): PublishError {
  const id = `${streamName(event.category, event.streamId)}@${event.streamPosition}`;
  return isRefusal(error)
    ? eventRefused(`Kafka does not take ${id} into topic "${topic}": ${(error as Error).message}.`, error)
    : brokerUnavailable(`Kafka has not taken ${id} into topic "${topic}"`, error);
}
