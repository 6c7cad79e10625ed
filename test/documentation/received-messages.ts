// What a receiver gets of order 42, from a queue and by a webhook.
import type { CloudEvent } from '@backstory/adapter/inbox';
import { createHmac } from 'node:crypto';

export const event: CloudEvent = {
  specversion: '1.0',
  id: 'order-42@1',
  source: '/shop',
  type: 'OrderCreated',
  subject: 'order-42',
  time: '2026-03-01T09:30:00.124Z',
  datacontenttype: 'application/json',
  data: { id: 42 },
  partitionkey: 'order-42',
  streamposition: '1',
  globalposition: '90210',
  change: 'created',
  schemaversion: '1',
};
interface Message {
  readonly properties: { readonly headers: Record<string, string>; readonly contentType: string };
  readonly content: Buffer;
}

/** As amqplib's, with one message in the queue. */
export const channel = {
  consume: (_queue: string, handle: (message: Message) => Promise<void>): Promise<void> =>
    handle({
      properties: { headers: {}, contentType: 'application/cloudevents+json' },
      content: Buffer.from(JSON.stringify(event)),
    }),
  ack: (_message: Message): void => undefined,
};

/** A webhook's, signed as https://www.standardwebhooks.com says. */
export const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
export const rawBody = JSON.stringify(event);
const sentAt = String(Math.floor(Date.now() / 1000));
const signature = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64'))
  .update(`1.${sentAt}.${rawBody}`)
  .digest('base64');
export const request = {
  headers: {
    'content-type': 'application/cloudevents+json',
    'webhook-id': '1',
    'webhook-timestamp': sentAt,
    'webhook-signature': `v1,${signature}`,
  },
};
