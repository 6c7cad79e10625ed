import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedEvent } from '../../event/index.js';
import { InvalidOptionsError } from '../../errors.js';
import type { EventPublisher } from '../../outbox/index.js';
import {
  type CloudEvent,
  type ContentMode,
  batchContentType,
  encodeCloudEvent,
  type EncodedMessage,
  messageId,
  toCloudEvent,
} from '../cloud-events/index.js';
import {
  brokerUnavailable,
  checkPublisherOptions,
  eventRefused,
  Compression,
  type CompressionOptions,
  inTime,
  type OutgoingMessage,
  type PacingOptions,
  PublishError,
  publishInChunks,
  PublishingWindow,
  type PublisherOptions,
} from '../publishing/index.js';
import { retryAfterMs } from './retry-after.js';
import { secretsOf, signWebhook } from './webhook-signature.js';

export interface WebhookPublisherOptions extends PublisherOptions, PacingOptions, CompressionOptions {
  readonly url: string;
  /**
   * Signs each request as standardwebhooks.com has it, so that the receiver's `verifyWebhook` can tell who sent it:
   * `whsec_` and base64. Several while one takes the place of another. `false` signs nothing.
   */
  readonly secret: string | readonly string[] | false;
  /** The signature covers the body only, so `binary` goes with `secret: false`. @defaultValue 'structured' */
  readonly mode?: ContentMode;
  /** Of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Events in one request, at most: a JSON array, `application/cloudevents-batch+json`, that `verifyWebhooks` reads. One request goes after
   * the other, so that order holds, and `maxInFlight` means nothing. A request comes again as a whole when its answer was lost; one that
   * is refused is repeated event by event, to see which it was.
   * @defaultValue 1: `application/cloudevents+json`, side by side
   */
  readonly batch?: number;
  /** @defaultValue 8 */
  readonly maxInFlight?: number;
  /** @defaultValue 15 000 */
  readonly timeoutMs?: number;
  /** Instead of Node.js' own: behind a proxy, or with client certificates. */
  readonly fetch?: typeof fetch;
}

const binding = { prefix: 'ce-', percentEncoded: true };

/**
 * Posts each event to a URL. A 2xx confirms it. Other answers are waited out, as long as `Retry-After` says, but for those that
 * are of this event (400, 406, 409, 413, 415, 422): the receiver will never take it, so the relay parks it.
 * @throws InvalidOptionsError
 * @example
 * const publisher = webhookPublisher({ url: 'https://billing.example/events', source: '/shop', secret });
 * backstory.consumers.relay({ name: 'billing', publisher });
 */
export function webhookPublisher(options: WebhookPublisherOptions): EventPublisher {
  checkPublisherOptions(options, 'webhookPublisher');
  if (!isHttp(options.url)) {
    throw new InvalidOptionsError(
      `webhookPublisher: url ${JSON.stringify(options.url)} is no http or https address.`,
      "Give the receiver's, such as https://billing.example/events.",
    );
  }
  if (options.secret === undefined) {
    throw new InvalidOptionsError(
      'webhookPublisher: there is no secret.',
      'Give one, or secret: false to sign nothing.',
    );
  }
  if (options.secret !== false) secretsOf(options.secret);
  if (options.mode === 'binary' && options.secret !== false) {
    throw new InvalidOptionsError(
      "webhookPublisher: the signature doesn't cover the headers that mode: 'binary' puts the attributes into.",
      "Leave mode at 'structured', or sign nothing with secret: false.",
    );
  }
  if (options.batch !== undefined && options.mode === 'binary') {
    throw new InvalidOptionsError(
      "webhookPublisher: mode: 'binary' has the attributes of one event in the headers of its request.",
      "Leave mode at 'structured', or batch out.",
    );
  }
  return new WebhookPublisher(options);
}

/** What is posted, and what its id is made of. */
interface Post {
  readonly id: string;
  readonly signedId: string;
  readonly message: EncodedMessage;
}

interface EncodedEvent {
  readonly cloudEvent: CloudEvent;
  readonly text: string;
}

class WebhookPublisher implements EventPublisher {
  /** Until then the receiver wants to hear nothing. */
  private notBefore = 0;
  private resting: Promise<void> | undefined;
  private readonly compression: Compression;
  private readonly window: PublishingWindow;

  constructor(private readonly options: WebhookPublisherOptions) {
    const { maxInFlight = 8, maxInFlightBytes = 16_000_000, timeoutMs = 15_000 } = options;
    this.compression = new Compression(options);
    const encode = (event: RecordedEvent): OutgoingMessage => this.outgoing(event);
    this.window = new PublishingWindow({ maxInFlight, maxInFlightBytes, timeoutMs, encode });
  }

  async publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    const { batch = 1, maxInFlightBytes = 16_000_000 } = this.options;
    if (this.resting || this.notBefore > Date.now()) await this.rest(signal);
    if (batch === 1) return this.window.publish(events, signal);
    const { url, timeoutMs = 15_000 } = this.options;
    await publishInChunks<EncodedEvent>(events, {
      most: batch,
      mostBytes: maxInFlightBytes,
      signal,
      targetOf: () => url,
      encode: (event) => {
        const cloudEvent = toCloudEvent(event, this.options.source);
        const text = JSON.stringify(cloudEvent);
        return { bytes: Buffer.byteLength(text), encoded: { cloudEvent, text } };
      },
      send: async (_url, chunk) => {
        const request = new AbortController();
        const posting = this.post(together(chunk), request.signal);
        try {
          const late = (): Error => this.late((chunk[0] as EncodedEvent).cloudEvent.id);
          await inTime(posting, { timeoutMs, signal, late });
        } finally {
          request.abort();
        }
      },
      isRefusal: (error) => error instanceof PublishError && !error.transient,
      inWords: (error) => brokerUnavailable(`${url} could not be reached`, error),
    });
  }

  /** Everybody waits for the same, so that calls go on in their order. */
  private async rest(signal: AbortSignal): Promise<void> {
    for (;;) {
      const pause = this.notBefore - Date.now();
      if (!this.resting && pause <= 0) return;
      this.resting ??= sleep(pause, undefined, { ref: false }).then(() => void (this.resting = undefined));
      const late = (): Error => brokerUnavailable(`${this.options.url} has asked to wait`);
      await inTime(this.resting, { timeoutMs: Math.max(0, pause) + 60_000, signal, late });
    }
  }

  private outgoing(event: RecordedEvent): OutgoingMessage {
    const cloudEvent = toCloudEvent(event, this.options.source);
    const message = encodeCloudEvent(cloudEvent, this.options.mode ?? 'structured', binding);
    const request = new AbortController();
    return {
      bytes: Buffer.byteLength(message.body),
      send: () => this.post({ id: cloudEvent.id, signedId: headerId(cloudEvent), message }, request.signal),
      late: () => this.late(cloudEvent.id),
      abandon: () => request.abort(),
    };
  }

  private late(id: string): Error {
    const { url, timeoutMs = 15_000 } = this.options;
    return brokerUnavailable(`${url} has not answered to ${id} in ${timeoutMs} ms`);
  }

  private async post({ id, signedId, message }: Post, signal: AbortSignal): Promise<void> {
    const response = await this.request(signedId, message, signal);
    if (!response.ok) throw this.refusal(response, id);
  }

  private async request(signedId: string, message: EncodedMessage, signal: AbortSignal): Promise<Response> {
    const { url, secret, headers, fetch: send = fetch } = this.options;
    const signature = secret === false ? {} : signWebhook(signedId, message.body, secretsOf(secret));
    const isCompressed = this.compression.isFor(Buffer.byteLength(message.body));
    try {
      const response = await send(url, {
        method: 'POST',
        redirect: 'manual',
        signal,
        headers: {
          ...headers,
          ...message.headers,
          'content-type': message.contentType,
          ...(isCompressed && { 'content-encoding': 'gzip' }),
          ...signature,
        },
        body: isCompressed ? new Uint8Array(await this.compression.compress(message.body)) : message.body,
      });
      // What it says is of no interest, and a connection is free when it was read.
      await response.arrayBuffer();
      return response;
    } catch (error) {
      // "fetch failed" says nothing; what is behind it does.
      throw brokerUnavailable(`${url} could not be reached`, (error as Error).cause ?? error);
    }
  }

  private refusal(response: Response, id: string): PublishError {
    const { status } = response;
    const said = `${this.options.url} answered ${status} to ${id}`;
    if (ofThisEvent.includes(status)) {
      return eventRefused(`${said}: it will not take this event.`);
    }
    if (status >= 300 && status < 400) {
      return brokerUnavailable(
        `${said} and redirects to ${response.headers.get('location')}: name that URL instead`,
      );
    }
    const pause = retryAfterMs(response.headers.get('retry-after'));
    this.notBefore = Math.max(this.notBefore, Date.now() + pause);
    return brokerUnavailable(
      pause > 0 ? `${said} and asks to wait for ${Math.ceil(pause / 1000)} seconds` : said,
    );
  }
}

/** Of the same events the same id, and of others another: receivers may drop a request whose id they have seen. */
function together(events: readonly EncodedEvent[]): Post {
  const first = (events[0] as EncodedEvent).cloudEvent;
  const last = (events.at(-1) as EncodedEvent).cloudEvent;
  const ids = events.map(({ cloudEvent }) => messageId(cloudEvent)).join('\n');
  const signedId = events.length === 1 ? headerId(first) : createHash('sha256').update(ids).digest('hex');
  const id = events.length === 1 ? first.id : `${first.id} to ${last.id}`;
  const body = `[${events.map(({ text }) => text).join(',')}]`;
  return { id, signedId, message: { contentType: batchContentType, headers: {}, body } };
}

/** What a receiver answers to what it will never take. A 401 or 404 says that the URL or the secret is wrong, for all events. */
const ofThisEvent = [400, 406, 409, 413, 415, 422];

/** Without the dot that separates the parts of what is signed, and in ASCII. */
function headerId(event: CloudEvent): string {
  return encodeURIComponent(messageId(event)).replaceAll('.', '%2E');
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
