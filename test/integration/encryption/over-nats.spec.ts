import { randomBytes } from 'node:crypto';
import { databaseSubjectKeys, decryptEvents, environmentKeys } from '@backstory/adapter';
import { natsPublisher } from '@backstory/adapter/nats';
import type { BrokerServer } from '../../brokers/broker-server.js';
import { NatsStream } from '../../brokers/nats-stream.js';
import { describeWithNats, startNats } from '../../brokers/start-nats.js';
import { Customer, openPeople, type People, Purchase } from '../erasure/people.js';

const variable = 'BACKSTORY_KEYS_OF_NATS_SPEC';

describeWithNats('encrypted events over NATS', () => {
  let server: BrokerServer;
  let people: People;

  beforeAll(async () => {
    process.env[variable] = randomBytes(32).toString('base64');
    server = await startNats();
    people = await openPeople({ encryption: { keys: environmentKeys(variable) } });
  }, 200_000);

  afterAll(async () => {
    await people?.close();
    await server?.stop();
    delete process.env[variable];
  });

  it('are read by who has the keys, in messages that the broker had before the erasure, and are null after it', async () => {
    const stream = await new NatsStream(server.url).make();
    const { manager } = people.dataSource;
    const { consumers, erasure } = people.backstory;
    consumers.relay({
      name: 'nats',
      from: 'beginning',
      publisher: natsPublisher({
        url: server.url,
        source: '/shop',
        subject: ({ streamId }) => `${stream.prefix}.${streamId}`,
      }),
    });
    await consumers.start();
    await manager.insert(Customer, { id: 42, name: 'Ada! Lovelace', email: 'ada@example.org' });
    await manager.save(Purchase, {
      id: 1,
      shipTo: 'Ada!, 12 St James Square',
      customer: { id: 42 },
      lines: [],
    });
    await manager.update(Purchase, 1, { shipTo: 'Ada!, Ockham Park' });
    await consumers.wait('nats');
    const messages = await stream.received();
    expect(JSON.stringify(messages)).not.toMatch(/Ada!|example|James|Ockham/);
    const keys = databaseSubjectKeys(people.dataSource, { keys: environmentKeys(variable) });
    expect((await decryptEvents(messages, keys)).map(({ event }) => event.data)).toMatchObject([
      { name: 'Ada! Lovelace', email: 'ada@example.org' },
      { shipTo: 'Ada!, 12 St James Square' },
      { shipTo: 'Ada!, Ockham Park' },
    ]);
    await erasure.eraseSubject('customer:42');
    const read = await decryptEvents(await stream.received(), keys);
    expect(JSON.stringify(read)).not.toMatch(/Ada!|example|James|Ockham/);
    expect(read.slice(0, 3).map(({ erased }) => erased)).toEqual([
      ['email', 'name', 'settings'],
      ['shipTo'],
      ['shipTo'],
    ]);
    await consumers.stop();
  });
});
