import { createHash } from 'node:crypto';
import type { RecordedEvent } from '../../event/index.js';
import { InvalidOptionsError } from '../../errors.js';
import type { EventPublisher } from '../../outbox/index.js';
import { type ContentMode, encodeCloudEvent, messageId, toCloudEvent } from '../cloud-events/index.js';
import {
  brokerUnavailable,
  checkPublisherOptions,
  eventRefused,
  Compression,
  type CompressionOptions,
  type OutgoingMessage,
  type PacingOptions,
  PublishError,
  PublishingWindow,
  type PublisherOptions,
} from '../publishing/index.js';
import { type OpenChannel, type RabbitMqConnection, RabbitMqLink } from './rabbitmq-link.js';

export interface RabbitMqPublisherOptions extends PublisherOptions, PacingOptions, CompressionOptions {
  /** `amqp://user:password@host:5672/vhost?heartbeat=10` or `amqps://…`; the connection is the publisher's own, and renewed. */
  readonly url?: string;
  /** An open connection of amqplib instead of `url`. It isn't closed, and renewed only where amqplib's recovery is on. */
  readonly connection?: RabbitMqConnection;
  /** @defaultValue 'backstory' */
  readonly exchange?: string;
  /**
   * What the exchange is made as where it isn't there: durable. `false` takes it as it is, and says so where it is missing.
   * @defaultValue 'topic'
   */
  readonly exchangeType?: 'topic' | 'direct' | 'fanout' | 'headers' | 'x-consistent-hash' | false;
  /** @defaultValue `category.type`: `order.OrderShipped`, so that queues bind to `order.*` */
  readonly routingKey?: (event: RecordedEvent) => string;
  /**
   * A message that no queue takes: `wait` keeps the relay until a queue is bound; `drop` loses it as RabbitMQ does by itself.
   * @defaultValue 'wait'
   */
  readonly unroutable?: 'wait' | 'drop';
  /** @defaultValue 'binary' */
  readonly mode?: ContentMode;
  /** @defaultValue 100 */
  readonly maxInFlight?: number;
  /** @defaultValue 30 000 */
  readonly timeoutMs?: number;
}

const binding = { prefix: 'cloudEvents_', percentEncoded: false };

/**
 * Publishes to a RabbitMQ exchange: persistent messages, each confirmed by the broker, the order of streams kept.
 * Needs the package amqplib.
 * @throws InvalidOptionsError
 * @example backstory.consumers.relay({ name: 'broker', publisher: rabbitMqPublisher({ url: 'amqp://localhost', source: '/shop' }) })
 */
export function rabbitMqPublisher(options: RabbitMqPublisherOptions): EventPublisher {
  checkPublisherOptions(options, 'rabbitMqPublisher');
  if (!options.url === !options.connection) {
    throw new InvalidOptionsError('rabbitMqPublisher needs a url or a connection.', 'Give one of them.');
  }
  return new RabbitMqPublisher(options);
}

class RabbitMqPublisher implements EventPublisher {
  private readonly exchange: string;
  private readonly timeoutMs: number;
  private readonly link: RabbitMqLink;
  private readonly window: PublishingWindow;
  private readonly compression: Compression;

  constructor(private readonly options: RabbitMqPublisherOptions) {
    const { exchange = 'backstory', exchangeType = 'topic', timeoutMs = 30_000, url, connection } = options;
    this.exchange = exchange;
    this.timeoutMs = timeoutMs;
    this.compression = new Compression(options);
    const { maxInFlight = 100, maxInFlightBytes = 16_000_000 } = options;
    const encode = (event: RecordedEvent): OutgoingMessage => this.encode(event);
    this.window = new PublishingWindow({ maxInFlight, maxInFlightBytes, timeoutMs, encode });
    this.link = new RabbitMqLink({
      ...(url !== undefined && { url }),
      ...(connection && { connection }),
      timeoutMs,
      prepare: (channel) =>
        exchange === '' || exchangeType === false
          ? exchange === ''
            ? Promise.resolve()
            : channel.checkExchange(exchange)
          : channel.assertExchange(exchange, exchangeType, { durable: true }),
    });
  }

  publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    return this.window.publish(events, signal);
  }

  close(): Promise<void> {
    return this.link.close();
  }

  private encode(event: RecordedEvent): OutgoingMessage {
    const { source, mode = 'binary' } = this.options;
    const cloudEvent = toCloudEvent(event, source);
    const { contentType, headers, body } = encodeCloudEvent(cloudEvent, mode, binding);
    const content = Buffer.from(body);
    const message: Message = {
      id: cloudEvent.id,
      routingKey: this.options.routingKey?.(event) ?? `${event.category}.${event.type}`,
      content,
      properties: {
        persistent: true,
        mandatory: (this.options.unroutable ?? 'wait') === 'wait',
        messageId: shortString(messageId(cloudEvent)),
        type: event.type,
        timestamp: Math.floor(event.recordedAt.getTime() / 1000),
        contentType,
        headers,
      },
    };
    return {
      bytes: content.length + headerBytes,
      send: (isWanted) => this.send(message, isWanted),
      late: () => this.late(message.id),
    };
  }

  private late(id: string): Error {
    const { blocked } = this.link;
    this.link.drop();
    const why = blocked === undefined ? '' : `; it takes nothing at the moment: ${blocked}`;
    return brokerUnavailable(`RabbitMQ has not confirmed ${id} in ${this.timeoutMs} ms${why}`);
  }

  private async send(
    { id, routingKey, content: plain, properties: plainly }: Message,
    isWanted: () => boolean,
  ): Promise<void> {
    const isCompressed = this.compression.isFor(plain.length);
    const content = isCompressed ? await this.compression.compress(plain) : plain;
    const properties = isCompressed ? { ...plainly, contentEncoding: 'gzip' } : plainly;
    const open = await this.link.open();
    if (!isWanted()) return;
    await new Promise<void>((resolve, reject) => {
      try {
        open.channel.publish(this.exchange, routingKey, content, properties, (error) =>
          error ? reject(unconfirmed(open, error, id, content.length)) : resolve(),
        );
      } catch (error) {
        reject(unsendable(error, id));
      }
    });
    if (open.returned.delete(properties.messageId)) throw notRouted(this.exchange, routingKey);
  }
}

/** What the attributes of a message take in memory, about. */
const headerBytes = 1000;

interface Message {
  readonly id: string;
  readonly routingKey: string;
  readonly content: Buffer;
  readonly properties: { readonly messageId: string } & Readonly<Record<string, unknown>>;
}

/** RabbitMQ's short strings have 255 bytes. */
function shortString(text: string): string {
  return Buffer.byteLength(text) <= 255 ? text : createHash('sha256').update(text).digest('hex');
}

function unconfirmed(open: OpenChannel, error: unknown, id: string, size: number): PublishError {
  const { closedBy } = open;
  const [, tooLarge, limit] =
    /message size (\d+) is larger than configured max size (\d+)/.exec(closedBy?.message ?? '') ?? [];
  if (tooLarge === String(size)) {
    return eventRefused(
      `RabbitMQ takes no message of ${size} bytes, such as ${id}: its max_message_size is ${limit}.`,
      closedBy,
    );
  }
  if (closedBy || !/nacked/.test(String(error)))
    return brokerUnavailable('The channel to RabbitMQ was closed', closedBy ?? error);
  return brokerUnavailable(`RabbitMQ did not accept ${id} (nack): a queue is full, or could not store it`);
}

function unsendable(error: unknown, id: string): PublishError {
  if ((error as Error).name === 'IllegalOperationError')
    return brokerUnavailable('The channel to RabbitMQ was closed', error);
  return eventRefused(`${id} can't be made a message of RabbitMQ: ${(error as Error).message}.`, error);
}

function notRouted(exchange: string, routingKey: string): PublishError {
  return new PublishError(
    'EVENT_NOT_ROUTED',
    `No queue takes messages of exchange "${exchange}" with routing key "${routingKey}": RabbitMQ would drop them.`,
    `Bind a queue, such as: rabbitmqadmin declare binding source=${exchange} destination=<queue> routing_key='#'. ` +
      "The relay goes on by itself. Or publish with unroutable: 'drop'.",
  );
}
