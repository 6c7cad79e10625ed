import { type EventData, type RecordedEvent, streamName } from '../../event/index.js';

/**
 * An event as other services get it: CloudEvents 1.0. Attributes are strings, absent ones are not there. The extension
 * attributes say what an inbox needs (`streamposition`) and what is known of the change.
 */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** `order-42@3`; in a later epoch than the first, `order-42@3~1764403551123456`. Together with `source` the same at every delivery, and no other event's. */
  readonly id: string;
  /** The application that published it, as it names itself. */
  readonly source: string;
  readonly type: string;
  /** The stream: `order-42`. */
  readonly subject: string;
  /** When it was recorded. */
  readonly time: string;
  readonly datacontenttype: 'application/json';
  readonly data: EventData;
  /** The stream again, by the name under which brokers look for what must stay in order. */
  readonly partitionkey: string;
  /** Place in the stream, from 1. */
  readonly streamposition: string;
  /** Place in the application's whole log. */
  readonly globalposition: string;
  /** The stretch of the log that it belongs to, since it has lost events for the first time. Later ones have greater numbers. */
  readonly epoch?: string;
  /** Behind the last event that was left when it began: what was published with a global position from there on, and an older epoch, is lost. */
  readonly epochposition?: string;
  /** On the first event of a stream in an epoch: that of the one before it, '0' for the first. */
  readonly previousepoch?: string;
  readonly change: string;
  readonly schemaversion: string;
  readonly actor?: string;
  readonly correlationid?: string;
  readonly causationid?: string;
  /** W3C trace context. */
  readonly traceparent?: string;
  /** The rest of the event's metadata as JSON: `{"origin":"capture"}`. */
  readonly metadata?: string;
}

/** @param source - names the publishing application, as a URI reference: `/shop`, `https://shop.example/orders` */
export function toCloudEvent(event: RecordedEvent, source: string): CloudEvent {
  const { metadata } = event;
  const stream = streamName(event.category, event.streamId);
  // Put together step by step: this is done for each event that is published.
  const made: Record<string, unknown> = {
    specversion: '1.0',
    id: `${stream}@${event.streamPosition}${event.epoch === undefined ? '' : `~${event.epoch}`}`,
    source,
    type: event.type,
    subject: stream,
    time: event.recordedAt.toISOString(),
    datacontenttype: 'application/json',
    data: event.data,
    partitionkey: stream,
    streamposition: String(event.streamPosition),
    globalposition: event.globalPosition,
  };
  if (event.epoch !== undefined) made['epoch'] = event.epoch;
  if (event.epochPosition !== undefined) made['epochposition'] = event.epochPosition;
  if (event.previousEpoch !== undefined) made['previousepoch'] = event.previousEpoch;
  made['change'] = event.change;
  made['schemaversion'] = String(event.schemaVersion);
  let rest: Record<string, unknown> | undefined;
  for (const name in metadata) {
    const value: unknown = metadata[name];
    const attribute = attributesOfMetadata[name];
    if (attribute === undefined) (rest ??= Object.create(null) as Record<string, unknown>)[name] = value;
    else if (typeof value === 'string') made[attribute] = value;
  }
  if (rest) made['metadata'] = JSON.stringify(rest);
  return made as unknown as CloudEvent;
}

const attributesOfMetadata: Readonly<Record<string, string | undefined>> = {
  // names in metadata are the application's own, such as "constructor"
  __proto__: null,
  actor: 'actor',
  correlationId: 'correlationid',
  causationId: 'causationid',
  traceparent: 'traceparent',
} as never;

/** What brokers that drop repeated messages tell them by: two applications may both have an `order-42@3`. */
export function messageId({ source, id }: Pick<CloudEvent, 'source' | 'id'>): string {
  return `${source}#${id}`;
}
