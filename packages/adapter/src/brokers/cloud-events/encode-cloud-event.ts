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

export const structuredContentType = 'application/cloudevents+json; charset=utf-8';

export function encodeCloudEvent(
  event: CloudEvent,
  mode: ContentMode,
  binding: HeaderBinding,
): EncodedMessage {
  if (mode === 'structured') {
    return { contentType: structuredContentType, headers: {}, body: JSON.stringify(event) };
  }
  const { data, datacontenttype, ...attributes } = event;
  const carried = binding.contentTypeIsAttribute ? { ...attributes, datacontenttype } : attributes;
  const value = binding.percentEncoded ? percentEncoded : (text: string) => text;
  return {
    contentType: datacontenttype,
    headers: Object.fromEntries(
      Object.entries(carried).map(([name, text]) => [binding.prefix + name, value(text)]),
    ),
    body: JSON.stringify(data),
  };
}

/** By the rule of the HTTP and NATS bindings: space, quote, percent and everything that isn't printable ASCII. */
function percentEncoded(text: string): string {
  return text.replace(/[^\x21\x23\x24\x26-\x7e]+/gu, (part) =>
    Array.from(Buffer.from(part), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}
