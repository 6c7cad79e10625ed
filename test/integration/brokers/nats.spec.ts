import { natsPublisher } from '@backstory/adapter/nats';
import { publisherContract } from '@backstory/adapter/testing';
import { jetstream } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { contractEvent, newStream } from '../../../packages/adapter/src/testing/contracts/contract-events.js';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { NatsStream } from '../../brokers/nats-stream.js';
import { describeWithNats, startNats } from '../../brokers/start-nats.js';

const running = new AbortController().signal;

describeWithNats('with NATS', () => {
  let server: BrokerServer;

  beforeAll(async () => {
    server = await startNats();
  }, 200_000);

  afterAll(() => server?.stop());

  const optionsFor = ({ prefix }: NatsStream) => ({
    source: '/shop',
    subject: ({ category }: { category: string }) => `${prefix}.${category}`,
    timeoutMs: 2000,
  });

  for (const mode of ['binary', 'structured'] as const) {
    publisherContract(`NATS, ${mode}`, async () => {
      const stream = await new NatsStream(server.url).make({ max_msg_size: 200_000 });
      return {
        publisher: natsPublisher({ url: server.url, mode, ...optionsFor(stream) }),
        received: () => stream.received(),
        interrupt: () => server.crash(),
        resume: async () => void (await server.start()),
        unacceptable: (event) => ({ ...event, data: { much: 'x'.repeat(250_000) } }),
        close: () => Promise.resolve(),
      };
    });
  }

  publisherContract(
    'NATS, on an open connection',
    async () => {
      const stream = await new NatsStream(server.url).make();
      const connection = await connect({ servers: new URL(server.url).host });
      return {
        publisher: natsPublisher({ jetstream: jetstream(connection), ...optionsFor(stream) }),
        received: () => stream.received(),
        // more than the server takes of any client
        unacceptable: (event) => ({ ...event, data: { much: 'x'.repeat(2_000_000) } }),
        close: () => connection.close(),
      };
    },
    { outages: false },
  );

  it('waits for a stream that takes the subject, and says which', async () => {
    const stream = new NatsStream(server.url);
    const publisher = natsPublisher({ url: server.url, ...optionsFor(stream) });
    const event = contractEvent(newStream(), 1);
    await expect(publisher.publish([event], running)).rejects.toMatchObject({
      code: 'EVENT_NOT_ROUTED',
      transient: true,
      event,
      message: expect.stringContaining(`subject "${stream.prefix}.order"`),
    });
    await stream.make();
    await publisher.publish([event], running);
    expect(await stream.received()).toHaveLength(1);
    await publisher.close?.();
  });

  it('has the stream drop what is published again, and not what another application calls the same', async () => {
    const stream = await new NatsStream(server.url).make();
    const [shop, depot] = ['/shop', '/depot'].map((source) =>
      natsPublisher({ url: server.url, ...optionsFor(stream), source }),
    );
    const event = contractEvent(newStream(), 1);
    for (const publisher of [shop, shop, depot]) await publisher?.publish([event], running);
    expect((await stream.received()).map(({ source }) => source)).toEqual(['/shop', '/depot']);
    await shop?.close?.();
    await depot?.close?.();
  });

  it('gives up a broker that hangs, and is through to it again when it goes on', async () => {
    const stream = await new NatsStream(server.url).make();
    const publisher = natsPublisher({ url: server.url, ...optionsFor(stream), timeoutMs: 500 });
    const events = [1, 2, 3].map((position) => contractEvent('hanging', position));
    await publisher.publish(events.slice(0, 1), running);
    await server.hang();
    try {
      await expect(publisher.publish(events, running)).rejects.toMatchObject({
        transient: true,
        event: events[0],
      });
    } finally {
      server.goOn();
    }
    await publisher.publish(events, running);
    expect((await stream.received()).map(({ id }) => id)).toEqual([
      'order-hanging@1',
      'order-hanging@2',
      'order-hanging@3',
    ]);
    await publisher.close?.();
  });

  it('says that nobody listens', async () => {
    const nowhere = natsPublisher({ url: 'nats://127.0.0.1:1', source: '/shop' });
    await expect(nowhere.publish([contractEvent(newStream(), 1)], running)).rejects.toMatchObject({
      code: 'BROKER_UNAVAILABLE',
      transient: true,
      message: expect.stringContaining('NATS can not be reached'),
    });
  });
});
