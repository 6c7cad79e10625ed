import { setTimeout as sleep } from 'node:timers/promises';
import type { RecordedEvent } from '../../event/index.js';
import { InvalidOptionsError } from '../../errors.js';
import type { EventPublisher } from '../../outbox/index.js';
import {
  type CloudEvent,
  type ContentMode,
  encodeCloudEvent,
  messageId,
  toCloudEvent,
} from '../cloud-events/index.js';
import {
  brokerUnavailable,
  checkPublisherOptions,
  eventRefused,
  inTime,
  type PacingOptions,
  type PublishError,
  publishInOrder,
  type PublisherOptions,
} from '../publishing/index.js';
import { retryAfterMs } from './retry-after.js';
import { secretsOf, signWebhook } from './webhook-signature.js';

export interface WebhookPublisherOptions extends PublisherOptions, PacingOptions {
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
  return new WebhookPublisher(options);
}

class WebhookPublisher implements EventPublisher {
  /** Until then the receiver wants to hear nothing. */
  private notBefore = 0;

  constructor(private readonly options: WebhookPublisherOptions) {}

  async publish(events: readonly RecordedEvent[], signal: AbortSignal): Promise<void> {
    const { maxInFlight = 8 } = this.options;
    const pause = this.notBefore - Date.now();
    if (pause > 0) await sleep(pause, undefined, { signal });
    await publishInOrder(events, {
      maxInFlight,
      signal,
      publish: (event, giveUp) => this.post(event, giveUp),
    });
  }

  private async post(event: RecordedEvent, signal: AbortSignal): Promise<void> {
    const { url, timeoutMs = 15_000 } = this.options;
    const cloudEvent = toCloudEvent(event, this.options.source);
    const request = new AbortController();
    const late = (): Error =>
      brokerUnavailable(`${url} has not answered to ${cloudEvent.id} in ${timeoutMs} ms`);
    try {
      const answer = this.request(cloudEvent, request.signal);
      const response = await inTime(answer, { timeoutMs, signal, late });
      if (!response.ok) throw this.refusal(response, cloudEvent.id);
    } finally {
      request.abort();
    }
  }

  private async request(event: CloudEvent, signal: AbortSignal): Promise<Response> {
    const { url, secret, mode = 'structured', headers, fetch: send = fetch } = this.options;
    const message = encodeCloudEvent(event, mode, binding);
    const signature = secret === false ? {} : signWebhook(headerId(event), message.body, secretsOf(secret));
    try {
      const response = await send(url, {
        method: 'POST',
        redirect: 'manual',
        signal,
        headers: { ...headers, ...message.headers, 'content-type': message.contentType, ...signature },
        body: message.body,
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

/** What a receiver answers to what it will never take. A 401 or 404 says that the URL or the secret is wrong, for all events. */
const ofThisEvent = [400, 406, 409, 413, 415, 422];

/** Without the dot that separates the parts of what is signed, and in ASCII. */
function headerId(event: CloudEvent): string {
  return encodeURIComponent(messageId(event)).replaceAll('.', '%2E');
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
