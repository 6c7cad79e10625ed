import type { RecordedEvent } from '../../event/index.js';
import { InvalidOptionsError } from '../../errors.js';
import type { EventPublisher } from '../../outbox/index.js';
import { type ContentMode, encodeCloudEvent, messageId, toCloudEvent } from '../cloud-events/index.js';
import {
  brokerUnavailable,
  checkPublisherOptions,
  eventRefused,
  loadClient,
  type OutgoingMessage,
  type PacingOptions,
  PublishError,
  PublishingWindow,
  type PublisherOptions,
} from '../publishing/index.js';
import { DuplicateWindows } from './duplicate-window.js';
import { type JetStreamPublisher, NatsLink } from './nats-link.js';

export interface NatsPublisherOptions extends PublisherOptions, PacingOptions {
  /** `nats://user:password@host:4222`, `tls://…`; servers of a cluster with commas between. The connection is the publisher's own. */
  readonly url?: string;
  /** A client instead of `url`: `jetstream(connection)` of @nats-io/jetstream. It isn't closed. */
  readonly jetstream?: JetStreamPublisher;
  /** @defaultValue `backstory.<category>.<type>`, so that a stream takes `backstory.>` */
  readonly subject?: (event: RecordedEvent) => string;
  /** @defaultValue 'binary' */
  readonly mode?: ContentMode;
  /** @defaultValue 100 */
  readonly maxInFlight?: number;
  /** @defaultValue 5000 */
  readonly timeoutMs?: number;
  /**
   * Told once of each stream that remembers ids for less than a minute: a relay may publish an event again later than that.
   * @defaultValue a warning of the process, which Node.js prints
   */
  readonly onWarning?: (message: string) => void;
}

const binding = { prefix: 'ce-', percentEncoded: true, contentTypeIsAttribute: true };

/**
 * Publishes to NATS JetStream: each message is acknowledged by its stream, and has an id by which the stream drops repeated
 * ones within its duplicate window (two minutes unless it is made otherwise). Needs @nats-io/transport-node and
 * @nats-io/jetstream.
 * @throws InvalidOptionsError
 * @example backstory.consumers.relay({ name: 'broker', publisher: natsPublisher({ url: 'nats://localhost:4222', source: '/shop' }) });
 */
export function natsPublisher(options: NatsPublisherOptions): EventPublisher {
  checkPublisherOptions(options, 'natsPublisher');
  if (!options.url === !options.jetstream) {
    throw new InvalidOptionsError('natsPublisher needs a url or a jetstream client.', 'Give one of them.');
  }
  return new NatsPublisher(options);
}

class NatsPublisher implements EventPublisher {
  private readonly timeoutMs: number;
  private readonly link: NatsLink | undefined;
  private readonly windows: DuplicateWindows;
  private readonly window: PublishingWindow;

  constructor(private readonly options: NatsPublisherOptions) {
    const { onWarning = (message: string) => process.emitWarning(message, 'BackstoryWarning') } = options;
    this.windows = new DuplicateWindows(onWarning);
    const { url, timeoutMs = 5000, maxInFlight = 100, maxInFlightBytes = 16_000_000 } = options;
    this.timeoutMs = timeoutMs;
    this.link = url === undefined ? undefined : new NatsLink(url, timeoutMs);
    this.window = new PublishingWindow({
      maxInFlight,
      maxInFlightBytes,
      // The client has a time limit of its own; this one is for one that hangs.
      timeoutMs: timeoutMs + 1000,
      encode: (event) => this.encode(event),
    });
  }

  publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    return this.window.publish(events, signal);
  }

  async close(): Promise<void> {
    this.windows.close();
    await this.link?.close();
  }

  private encode(event: RecordedEvent): OutgoingMessage {
    const { source, mode = 'binary' } = this.options;
    const cloudEvent = toCloudEvent(event, source);
    const message = encodeCloudEvent(cloudEvent, mode, binding);
    const subject =
      this.options.subject?.(event) ?? `backstory.${token(event.category)}.${token(event.type)}`;
    const { id } = cloudEvent;
    const payload = Buffer.from(message.body);
    return {
      bytes: payload.length + headerBytes,
      send: async (isWanted) => {
        const client = this.options.jetstream ?? (await (this.link as NatsLink).open());
        const { headers } = await transport();
        if (!isWanted()) return;
        const carried = headers();
        if (mode === 'structured') carried.set('content-type', message.contentType);
        for (const name in message.headers) carried.set(name, message.headers[name] as string);
        const options = {
          headers: carried,
          msgID: headerText(messageId(cloudEvent)),
          timeout: this.timeoutMs,
        };
        try {
          this.windows.note(client, await client.publish(subject, payload, options as never));
        } catch (error) {
          throw inWords(error, subject, id);
        }
      },
      late: () => brokerUnavailable(`NATS has not confirmed ${id} in ${this.timeoutMs} ms`),
    };
  }
}

/** What the attributes of a message take in memory, about. */
const headerBytes = 1000;

let loaded: Promise<typeof import('@nats-io/transport-node')> | undefined;

/** Once, and not for each message. */
function transport(): Promise<typeof import('@nats-io/transport-node')> {
  loaded ??= loadClient('@nats-io/transport-node', () => import('@nats-io/transport-node')).catch(
    (error: unknown) => {
      loaded = undefined;
      throw error;
    },
  );
  return loaded;
}

/** A part of a subject: no dots, wildcards or spaces. */
function token(text: string): string {
  return text.replace(/[\s.*>]/g, '_');
}

/** Headers are ASCII; what is not is encoded, so that different ids stay different. */
function headerText(text: string): string {
  return text.replace(/[^\x21-\x24\x26-\x7e]+/gu, encodeURIComponent);
}

function inWords(error: unknown, subject: string, id: string): PublishError {
  const { name, message, cause, code } = error as Error & { code?: number };
  const texts = [name, message, String((cause as Error | undefined)?.message)].join(' ');
  if (/max_payload|maximum payload|message size exceeds/i.test(texts) || code === 10054) {
    return eventRefused(
      `NATS does not take ${id}: ${message}. Its max_payload, or the stream's max_msg_size, is smaller.`,
      error,
    );
  }
  if (/no responders|JetStreamNotEnabled|StreamNotFound/i.test(texts)) {
    return new PublishError(
      'EVENT_NOT_ROUTED',
      `No JetStream stream takes the subject "${subject}", or JetStream is off (nats-server -js).`,
      `Make one: nats stream add backstory --subjects "${subject.split('.')[0]}.>". The relay goes on by itself.`,
      error,
    );
  }
  return brokerUnavailable(`NATS has not confirmed ${id}`, error);
}
