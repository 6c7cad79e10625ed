import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RecordedEvent } from '@backstory/adapter';
import { type CloudEvent, verifyWebhook, verifyWebhooks, webhookPublisher } from '@backstory/adapter/webhook';
import { publisherContract } from '@backstory/adapter/testing';
import { contractEvent, newStream } from '../../../packages/adapter/src/testing/contracts/contract-events.js';

const running = new AbortController().signal;
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** Takes batches, packed or not, as they came. */
class BatchReceiver {
  readonly requests: {
    id: unknown;
    type?: string;
    encoding?: string;
    bytes: number;
    events: readonly CloudEvent[];
  }[] = [];
  private server: Server | undefined;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}/events`;
  }

  async open(): Promise<this> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { headers } = request;
        const body = Buffer.concat(chunks);
        const events = verifyWebhooks({ headers, body, secret });
        if (events.some(({ data }) => JSON.stringify(data).length > 100_000))
          return void response.writeHead(413).end();
        const { 'content-type': type, 'content-encoding': encoding } = headers;
        this.requests.push({
          id: headers['webhook-id'],
          ...(type && { type }),
          ...(encoding && { encoding }),
          bytes: body.length,
          events,
        });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
    return this;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    this.server?.closeAllConnections();
    await closed;
  }
}

for (const compression of [undefined, 'gzip'] as const) {
  publisherContract(`a webhook in batches${compression ? ', compressed' : ''}`, async () => {
    const receiver = await new BatchReceiver().open();
    return {
      publisher: webhookPublisher({
        url: receiver.url,
        source: '/shop',
        secret,
        batch: 20,
        ...(compression && { compression, compressionThreshold: 1 }),
      }),
      received: () => receiver.requests.flatMap(({ events }) => events),
      interrupt: () => receiver.close(),
      resume: async () => void (await receiver.open()),
      unacceptable: (event) => ({ ...event, data: { much: 'x'.repeat(150_000) } }),
      close: () => receiver.close(),
    };
  });
}

describe('webhooks of several events', () => {
  let receiver: BatchReceiver;

  beforeEach(async () => {
    receiver = await new BatchReceiver().open();
  });

  afterEach(() => receiver.close());

  const events = Array.from({ length: 7 }, () => contractEvent(newStream(), 1));

  it('are a JSON array of at most so many, and of so many bytes', async () => {
    const options = { url: receiver.url, source: '/shop', secret };
    await webhookPublisher({ ...options, batch: 3 }).publish(events, running);
    expect(receiver.requests.map((request) => request.events.length)).toEqual([3, 3, 1]);
    expect(receiver.requests[0]?.type).toMatch('application/cloudevents-batch+json');
    receiver.requests.length = 0;
    await webhookPublisher({ ...options, batch: 3, maxInFlightBytes: 10 }).publish(events, running);
    expect(receiver.requests.map((request) => request.events.length)).toEqual([1, 1, 1, 1, 1, 1, 1]);
  });

  it('are compressed where they are large, and signed as they were before', async () => {
    const options = { url: receiver.url, source: '/shop', secret, batch: 50, compression: 'gzip' as const };
    const large = contractEvent(newStream(), 1, { data: { text: 'many words '.repeat(5_000) } });
    await webhookPublisher(options).publish([large], running);
    await webhookPublisher(options).publish([contractEvent(newStream(), 1)], running);
    expect(receiver.requests.map(({ encoding }) => encoding)).toEqual(['gzip', undefined]);
    expect(receiver.requests[0]?.bytes).toBeLessThan(5_000);
  });

  it('have an id of their own for exactly these events', async () => {
    const publisher = webhookPublisher({ url: receiver.url, source: '/shop', secret, batch: 3 });
    const [a, b, c, d] = events as [RecordedEvent, RecordedEvent, RecordedEvent, RecordedEvent];
    for (const together of [
      [a, b, c],
      [a, b, c],
      [a, d, c],
    ])
      await publisher.publish(together, running);
    const [first, again, another] = receiver.requests.map(({ id }) => id);
    expect(again).toBe(first);
    expect(another).not.toBe(first);
  });

  it('are refused where they make no sense, or are read as one', async () => {
    const options = { url: receiver.url, source: '/shop' };
    expect(() => webhookPublisher({ ...options, secret: false, mode: 'binary', batch: 2 })).toThrow(
      'attributes of one event',
    );
    expect(() => webhookPublisher({ ...options, secret, batch: 0 })).toThrow('batch 0');
    expect(() => webhookPublisher({ ...options, secret, compression: 'zip' as 'gzip' })).toThrow('not known');
    let sent: { headers: Record<string, string>; body: string } | undefined;
    const fetch = (_url: unknown, { headers, body }: { headers: Record<string, string>; body: string }) => {
      sent = { headers, body };
      return Promise.resolve(new Response());
    };
    const publisher = webhookPublisher({ ...options, secret, batch: 2, fetch: fetch as never });
    await publisher.publish(events.slice(0, 2), running);
    const request = { ...(sent as NonNullable<typeof sent>), secret };
    expect(() => verifyWebhook(request)).toThrow('has 2 events');
    expect(verifyWebhooks(request)).toHaveLength(2);
  });
});
