import { randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { natsPublisher } from '@backstory/adapter/nats';
import { rabbitMqPublisher } from '@backstory/adapter/rabbitmq';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect as connectToNats } from '@nats-io/transport-node';
import { connect as connectToRabbitMq } from 'amqplib';

// The tests' own brokers are TypeScript.
const load = createRequire(import.meta.url);
load('../../typescript-process.cjs');
const { installedProgram } = load('../../brokers/broker-server.ts');

/** How many messages wait for their confirmation at a time: the publishers' default. */
const IN_FLIGHT = 100;

/**
 * A broker of this run's own, with a durable queue or a stream on disk.
 * @typedef {object} Broker
 * @property {string} name
 * @property {import('@backstory/adapter').EventPublisher} publisher
 * @property {(bodies: readonly string[]) => Promise<void>} publishBare with the broker's client alone, each confirmed
 * @property {() => Promise<number>} empty resolves with how many messages there were
 * @property {() => Promise<void>} close
 */

/** Those that are installed here. @returns {Promise<Broker[]>} */
export async function startBrokers() {
  return [
    ...(installedProgram('rabbitmq-server') ? [await rabbitMq()] : []),
    ...(installedProgram('nats-server') ? [await nats()] : []),
  ];
}

/** @returns {Promise<Broker>} */
async function rabbitMq() {
  const server = await load('../../brokers/start-rabbitmq.ts').startRabbitMq();
  const connection = await connectToRabbitMq(server.url);
  const channel = await connection.createConfirmChannel();
  const exchange = 'backstory';
  const queue = 'everything';
  await channel.assertExchange(exchange, 'topic', { durable: true });
  await channel.assertQueue(queue, { durable: true });
  await channel.bindQueue(queue, exchange, '#');
  return {
    name: 'RabbitMQ',
    publisher: rabbitMqPublisher({ url: server.url, source: '/benchmark', exchange }),
    publishBare: (bodies) =>
      inFlight(
        bodies,
        (body) =>
          new Promise((resolve, reject) => {
            const confirmed = (/** @type {unknown} */ error) => (error ? reject(error) : resolve());
            const properties = { persistent: true, mandatory: true, messageId: randomUUID() };
            channel.publish(exchange, 'article.ArticleCreated', Buffer.from(body), properties, confirmed);
          }),
      ),
    empty: async () => (await channel.purgeQueue(queue)).messageCount,
    close: async () => {
      await connection.close();
      await server.stop();
    },
  };
}

/** @returns {Promise<Broker>} */
async function nats() {
  const server = await load('../../brokers/start-nats.ts').startNats();
  const connection = await connectToNats({ servers: new URL(server.url).host });
  const { streams } = await jetstreamManager(connection);
  const client = jetstream(connection);
  const name = 'everything';
  await streams.add({ name, subjects: ['backstory.>'] });
  return {
    name: 'NATS JetStream',
    publisher: natsPublisher({ url: server.url, source: '/benchmark' }),
    publishBare: (bodies) =>
      inFlight(bodies, async (body) => {
        await client.publish('backstory.article.ArticleCreated', body, { msgID: randomUUID() });
      }),
    // Deleted, and not purged: else it would drop the same messages of the next turn as repeated ones.
    empty: async () => {
      const { state } = await streams.info(name);
      await streams.delete(name);
      await streams.add({ name, subjects: ['backstory.>'] });
      return state.messages;
    },
    close: async () => {
      await connection.close();
      await server.stop();
    },
  };
}

/**
 * @param {readonly string[]} bodies
 * @param {(body: string) => Promise<void>} publish
 */
async function inFlight(bodies, publish) {
  const rest = bodies.values();
  const lane = async () => {
    for (const body of rest) await publish(body);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
}
