import { BackstoryError } from '../../errors.js';
import type { CloudEvent } from './cloud-event.js';
import { inflated } from './inflated.js';

/** A message as clients of brokers and HTTP servers hand it over. */
export interface ReceivedMessage {
  /** By name; values of several kinds, as clients have them. Names in any case. */
  readonly headers?: Iterable<readonly [string, unknown]> | Readonly<Record<string, unknown>>;
  /** Where the client doesn't have it among the headers, such as RabbitMQ's `properties.contentType`. */
  readonly contentType?: string;
  readonly body: string | Uint8Array;
}

const prefix = /^(?:ce[-_]|cloudevents[_:])/;

/** What a compressed body may come to: more than one event of PostgreSQL's can have would be an attack. */
const mostBytes = 1_000_000_000;

/**
 * The event of a message from RabbitMQ, NATS, Kafka or HTTP, in binary or structured mode, unpacked where it is compressed.
 * @throws BackstoryError NOT_A_CLOUD_EVENT with what is missing
 * @example const { subject, type, data } = readCloudEvent(message);
 */
export function readCloudEvent({ headers = {}, contentType, body }: ReceivedMessage): CloudEvent {
  const found = textsByName(headers);
  const media = contentType ?? found.get('content-type') ?? '';
  const parsed = json(inflated(body, mostBytes));
  if (/^application\/cloudevents/i.test(media) || isStructured(parsed, found)) return checked(parsed);
  const attributes: Record<string, unknown> = {};
  for (const [name, value] of found) {
    // AMQP and Kafka carry text as it is
    if (prefix.test(name))
      attributes[name.replace(prefix, '')] = name.startsWith('ce-') ? decoded(value) : value;
  }
  return checked({ datacontenttype: 'application/json', ...attributes, data: parsed });
}

/** The events of a document, one or a batch of them. @throws BackstoryError NOT_A_CLOUD_EVENT */
export function readCloudEvents(text: string): readonly CloudEvent[] {
  const parsed = json(text);
  return Array.isArray(parsed) ? parsed.map(checked) : [checked(parsed)];
}

function textsByName(headers: NonNullable<ReceivedMessage['headers']>): Map<string, string> {
  const entries = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return new Map(
    entries.map(([name, value]) => {
      const first: unknown = Array.isArray(value) ? value[0] : value;
      return [
        name.toLowerCase(),
        first instanceof Uint8Array ? Buffer.from(first).toString('utf8') : String(first),
      ];
    }),
  );
}

function isStructured(parsed: unknown, headers: ReadonlyMap<string, string>): boolean {
  const named = [...headers.keys()].some((name) => prefix.test(name));
  return !named && typeof parsed === 'object' && parsed !== null && 'specversion' in parsed;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notACloudEvent('its body is no JSON', error);
  }
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    throw notACloudEvent(`the header value ${JSON.stringify(value)} is no percent-encoded UTF-8`, error);
  }
}

function checked(candidate: unknown): CloudEvent {
  const event = candidate as Record<string, unknown> | null;
  if (event?.['specversion'] !== '1.0') throw notACloudEvent('it has no specversion 1.0');
  const missing = ['id', 'source', 'type'].filter(
    (name) => typeof event[name] !== 'string' || event[name] === '',
  );
  if (missing.length > 0) throw notACloudEvent(`it has no ${missing.join(', ')}`);
  return event as unknown as CloudEvent;
}

function notACloudEvent(what: string, cause?: unknown): BackstoryError {
  return new BackstoryError(
    'NOT_A_CLOUD_EVENT',
    `The message is no CloudEvent: ${what}.`,
    'Pass on headers, content type and body as they came; see docs/brokers.md for each client.',
    { cause },
  );
}
