import type { CloudEvent } from './cloud-event.js';

/**
 * Binary: the event's data is the message, its attributes are headers, by which brokers can route. Structured: one JSON
 * document with everything.
 */
export type ContentMode = 'binary' | 'structured';

/** How a transport carries attributes in headers, by its CloudEvents binding. */
export interface HeaderBinding {
  readonly prefix: string;
  /** Values that must be ASCII are percent-encoded. */
  readonly percentEncoded: boolean;
  /** The media type of the data is an attribute like the others, not the message's content type. */
  readonly contentTypeIsAttribute?: boolean;
}

export interface EncodedMessage {
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const batchContentType = 'application/cloudevents-batch+json; charset=utf-8';
export const structuredContentType = 'application/cloudevents+json; charset=utf-8';

export function encodeCloudEvent(
  event: CloudEvent,
  mode: ContentMode,
  binding: HeaderBinding,
): EncodedMessage {
  if (mode === 'structured') {
    return { contentType: structuredContentType, headers: {}, body: JSON.stringify(event) };
  }
  const headers: Record<string, string> = {};
  const attributes = event as unknown as Readonly<Record<string, string>>;
  for (const name in attributes) {
    if (name === 'data' || (name === 'datacontenttype' && !binding.contentTypeIsAttribute)) continue;
    const text = attributes[name] as string;
    headers[binding.prefix + name] = binding.percentEncoded ? percentEncoded(text) : text;
  }
  return { contentType: event.datacontenttype, headers, body: JSON.stringify(event.data) };
}

/** By the rule of the HTTP and NATS bindings: space, quote, percent and everything that isn't printable ASCII. */
function percentEncoded(text: string): string {
  return text.replace(/[^\x21\x23\x24\x26-\x7e]+/gu, (part) =>
    Array.from(Buffer.from(part), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
