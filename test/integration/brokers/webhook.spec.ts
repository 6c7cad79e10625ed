import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CloudEvent, readCloudEvent, verifyWebhook, webhookPublisher } from '@backstory/adapter/webhook';
import { publisherContract } from '@backstory/adapter/testing';
import { contractEvent, newStream } from '../../../packages/adapter/src/testing/contracts/contract-events.js';

const running = new AbortController().signal;
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

type Answer = (request: IncomingMessage, body: string, response: ServerResponse) => void;

/** A receiver on a port of its own, which it can leave and come back to. */
class Receiver {
  readonly events: CloudEvent[] = [];
  answer: Answer = (_request, _body, response) => void response.end();
  private server: Server | undefined;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}/events`;
  }

  async open(): Promise<this> {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => this.answer(request, body, response));
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

for (const signed of [true, false]) {
  publisherContract(`a webhook, ${signed ? 'signed' : 'binary'}`, async () => {
    const receiver = await new Receiver().open();
    receiver.answer = ({ headers }, body, response) => {
      if (body.length > 100_000) return void response.writeHead(413).end('too large');
      receiver.events.push(
        signed ? verifyWebhook({ headers, body, secret }) : readCloudEvent({ headers, body }),
      );
      response.writeHead(204).end();
    };
    const options = { url: receiver.url, source: '/shop' };
    return {
      publisher: webhookPublisher(
        signed ? { ...options, secret } : { ...options, secret: false, mode: 'binary' },
      ),
      received: () => receiver.events,
      interrupt: () => receiver.close(),
      resume: async () => void (await receiver.open()),
      unacceptable: (event) => ({ ...event, data: { much: 'x'.repeat(150_000) } }),
      close: () => receiver.close(),
    };
  });
}

describe('the webhook publisher', () => {
  let receiver: Receiver;
  const event = contractEvent(newStream(), 1);

  beforeEach(async () => {
    receiver = await new Receiver().open();
  });

  afterEach(() => receiver.close());

  const publish = (more: object = {}): Promise<void> =>
    webhookPublisher({ url: receiver.url, source: '/shop', secret, ...more }).publish([event], running);

  it.each([400, 413, 415, 422])('%i means never', async (status) => {
    receiver.answer = (_request, _body, response) => void response.writeHead(status).end();
    await expect(publish()).rejects.toMatchObject({
      code: 'EVENT_REFUSED',
      transient: false,
      event,
      message: expect.stringContaining(`answered ${status} to order-${event.streamId}@1`),
    });
  });

  it.each([302, 401, 404, 408, 410, 425, 429, 500, 503])('%i means later', async (status) => {
    receiver.answer = (_request, _body, response) =>
      void response.writeHead(status, { location: 'http://elsewhere.example' }).end();
    await expect(publish()).rejects.toMatchObject({ code: 'BROKER_UNAVAILABLE', transient: true, event });
  });

  it('comes again no earlier than Retry-After says', async () => {
    const at: number[] = [];
    receiver.answer = (_request, _body, response) => {
      at.push(performance.now());
      if (at.length === 1) response.writeHead(429, { 'retry-after': '1' });
      response.end();
    };
    const publisher = webhookPublisher({ url: receiver.url, source: '/shop', secret });
    await expect(publisher.publish([event], running)).rejects.toThrow('asks to wait for 1 seconds');
    await publisher.publish([event], running);
    expect((at[1] as number) - (at[0] as number)).toBeGreaterThanOrEqual(990);
  });

  it('gives up a receiver that does not answer', async () => {
    receiver.answer = () => undefined;
    await expect(publish({ timeoutMs: 100 })).rejects.toMatchObject({
      transient: true,
      message: expect.stringContaining('has not answered'),
    });
  });

  it('says what it can not use', () => {
    const options = { url: receiver.url, source: '/shop', secret };
    for (const [wrong, what] of [
      [{ url: 'amqp://x' }, 'no http or https address'],
      [{ source: '' }, "doesn't name the application"],
      [{ secret: 'short' }, 'at least 16 bytes'],
      [{ secret: undefined }, 'there is no secret'],
      [{ mode: 'binary' }, "the signature doesn't cover the headers"],
      [{ maxInFlight: 0 }, 'maxInFlight 0'],
    ] as [object, string][]) {
      expect(() => webhookPublisher({ ...options, ...wrong })).toThrow(what);
    }
  });
});

describe('the signature of a webhook', () => {
  async function sent(
    secrets: string | string[],
  ): Promise<{ headers: Record<string, string>; body: string }> {
    const receiver = await new Receiver().open();
    let found: { headers: Record<string, string>; body: string } | undefined;
    receiver.answer = ({ headers }, received, response) => {
      found = { headers: headers as Record<string, string>, body: received };
      response.end();
    };
    await webhookPublisher({ url: receiver.url, source: '/shop', secret: secrets }).publish(
      [contractEvent(newStream(), 1)],
      running,
    );
    await receiver.close();
    return found as NonNullable<typeof found>;
  }

  it('is of the body, the time and the secret; old and new secret hold at the same time', async () => {
    const other = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
    const request = await sent([secret, other]);
    expect(verifyWebhook({ ...request, secret: other }).type).toBe('OrderCreated');
    expect(
      verifyWebhook({ ...request, secret: ['whsec_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', secret] }),
    ).toBeDefined();
    expect(
      verifyWebhook({ headers: new Headers(request.headers), body: Buffer.from(request.body), secret }),
    ).toBeDefined();
    const wrong = [
      { secret: 'whsec_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' },
      { body: request.body.replace('order', 'ordex') },
      { headers: { ...request.headers, 'webhook-id': 'x' } },
      { headers: { ...request.headers, 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 1) } },
      { headers: { ...request.headers, 'webhook-timestamp': '1' } },
      { headers: { ...request.headers, 'webhook-signature': 'v2,abc' } },
      { headers: {} },
    ];
    for (const change of wrong) {
      expect(() => verifyWebhook({ ...request, secret, ...change })).toThrow(/can't be trusted/);
    }
  });

  it('is not taken for later than it was', async () => {
    const request = await sent(secret);
    jest.useFakeTimers({ now: Date.now() + 301_000 });
    expect(() => verifyWebhook({ ...request, secret })).toThrow(/it is 30\d seconds old/);
    expect(verifyWebhook({ ...request, secret, toleranceSeconds: 600 })).toBeDefined();
    jest.useRealTimers();
  });
});
