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
  const { actor, correlationId, causationId, traceparent, ...rest } = event.metadata;
  const stream = streamName(event.category, event.streamId);
  const known = { actor, correlationid: correlationId, causationid: causationId, traceparent };
  return {
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
    ...(event.epoch !== undefined && { epoch: event.epoch }),
    ...(event.epochPosition !== undefined && { epochposition: event.epochPosition }),
    ...(event.previousEpoch !== undefined && { previousepoch: event.previousEpoch }),
    change: event.change,
    schemaversion: String(event.schemaVersion),
    ...Object.fromEntries(Object.entries(known).filter(([, value]) => typeof value === 'string')),
    ...(Object.keys(rest).length > 0 && { metadata: JSON.stringify(rest) }),
  };
}

/** What brokers that drop repeated messages tell them by: two applications may both have an `order-42@3`. */
export function messageId({ source, id }: Pick<CloudEvent, 'source' | 'id'>): string {
  return `${source}#${id}`;
}
