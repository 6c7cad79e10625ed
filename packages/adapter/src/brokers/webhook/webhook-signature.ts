import { createHmac, timingSafeEqual } from 'node:crypto';
import { BackstoryError, InvalidOptionsError } from '../../errors.js';
import { type CloudEvent, inflated, readCloudEvents } from '../cloud-events/index.js';

/** Headers of a request: of Node.js, of fetch, or any other record of them, names in lower case. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface WebhookRequest {
  readonly headers: WebhookHeaders;
  /** As it was received: one that was parsed and written again has another signature. */
  readonly body: string | Uint8Array;
  /** The secret, or several while one takes the place of another. */
  readonly secret: string | readonly string[];
  /** How old or how far in the future a request may be, so that nobody sends an old one again. @defaultValue 300 */
  readonly toleranceSeconds?: number;
  /** What a compressed body may come to, in bytes: who may send what isn't theirs must not fill the memory. @defaultValue 16 000 000 */
  readonly maxBytes?: number;
}

/** The headers of https://www.standardwebhooks.com: an HMAC-SHA256 over id, time and body. */
export function signWebhook(
  id: string,
  body: string,
  secrets: readonly string[],
  now = Date.now(),
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets
      .map((secret) => `v1,${mac(secret, id, timestamp, body).toString('base64')}`)
      .join(' '),
  };
}

/**
 * For the receiver: whether a request comes from who has the secret, and now. Look at the event's source and id, or have an
 * inbox do it, to tell a repeated one.
 * @throws BackstoryError UNTRUSTED_WEBHOOK (answer 401), NOT_A_CLOUD_EVENT (answer 400)
 * @example const event = verifyWebhook({ headers: request.headers, body: rawBody, secret });
 */
export function verifyWebhook(request: WebhookRequest): CloudEvent {
  const [event, ...more] = verifyWebhooks(request);
  if (event && more.length === 0) return event;
  throw new BackstoryError(
    'NOT_A_CLOUD_EVENT',
    `The request has ${more.length + (event ? 1 : 0)} events: its sender has "batch".`,
    'Read it with verifyWebhooks, which gives all of them.',
  );
}

/**
 * Like `verifyWebhook`, of a sender that may have `batch`: all events of the request, in order. Handle them one after the other, each
 * through its inbox, and answer 2xx when all of them are safe; after an error the whole request comes again.
 * @throws BackstoryError UNTRUSTED_WEBHOOK (answer 401), NOT_A_CLOUD_EVENT (answer 400)
 * @example const events = verifyWebhooks({ headers: request.headers, body: rawBody, secret });
 */
export function verifyWebhooks({
  headers,
  body,
  secret,
  toleranceSeconds = 300,
  maxBytes = 16_000_000,
}: WebhookRequest): readonly CloudEvent[] {
  const [id, timestamp, signature] = ['id', 'timestamp', 'signature'].map((name) =>
    header(headers, `webhook-${name}`),
  );
  if (!id || !timestamp || !signature)
    throw untrusted('it has no webhook-id, webhook-timestamp and webhook-signature');
  if (!/^\d{1,12}$/.test(timestamp)) throw untrusted('its webhook-timestamp is no number of seconds');
  const age = Date.now() / 1000 - Number(timestamp);
  if (Math.abs(age) > toleranceSeconds) {
    throw untrusted(`it is ${Math.round(Math.abs(age))} seconds ${age > 0 ? 'old' : 'ahead of this clock'}`);
  }
  const text = inflated(body, maxBytes);
  const given = signature
    .split(' ')
    .filter((part) => part.startsWith('v1,'))
    .map((part) => Buffer.from(part.slice(3), 'base64'));
  const expected = secretsOf(secret).map((known) => mac(known, id, timestamp, text));
  const equal = (a: Buffer, b: Buffer): boolean => a.length === b.length && timingSafeEqual(a, b);
  if (!expected.some((wanted) => given.some((found) => equal(wanted, found)))) {
    throw untrusted('its signature is of another secret or another body');
  }
  return readCloudEvents(text);
}

/** @throws InvalidOptionsError for one that nobody should rely on */
export function secretsOf(secret: string | readonly string[]): readonly string[] {
  const secrets = typeof secret === 'string' ? [secret] : secret;
  if (secrets.length === 0 || secrets.some((each) => keyOf(each).length < 16)) {
    throw new InvalidOptionsError(
      'A webhook secret has at least 16 bytes.',
      `Make one: node -p "'whsec_' + require('crypto').randomBytes(32).toString('base64')"`,
    );
  }
  return secrets;
}

function mac(secret: string, id: string, timestamp: string, body: string): Buffer {
  return createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest();
}

/** By the standard a secret is `whsec_` and base64; anything else is taken as the bytes that it is. */
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
}

function header(headers: WebhookHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

function untrusted(why: string): BackstoryError {
  return new BackstoryError(
    'UNTRUSTED_WEBHOOK',
    `The webhook can't be trusted: ${why}.`,
    'Answer 401. Compare the secrets and the clocks of both sides, and verify the body as it was received.',
  );
}
