import { createBackstory } from '@backstory/adapter';
import { natsPublisher } from '@backstory/adapter/nats';
import { DataSource } from 'typeorm';
import { notes } from '../standbys/replicated-shop.js';

/**
 * A relay that is killed. It says what it publishes, and when the broker has confirmed a batch; with `hold` it then stays between that
 * and its checkpoint.
 */
async function main(): Promise<void> {
  const [, , url, nats, prefix, hold] = process.argv as [string, string, string, string, string, string];
  const dataSource = await new DataSource({ type: 'postgres', url, entities: [notes] }).initialize();
  const backstory = await createBackstory(dataSource, {
    aggregates: ['Note'],
    install: 'check',
    consumers: { leaseMs: 1000, pollMs: 20 },
  });
  const publisher = natsPublisher({
    url: nats,
    source: '/shop',
    subject: ({ category }) => `${prefix}.${category}`,
  });
  backstory.consumers.relay({
    name: 'killed',
    from: 'beginning',
    partitions: 2,
    batchSize: 7,
    publisher: {
      publish: async (events, signal) => {
        process.send?.({ publishing: events.map(({ globalPosition }) => globalPosition) });
        await publisher.publish(events, signal);
        process.send?.({ confirmed: events.length });
        if (hold === 'hold') await new Promise(() => undefined);
      },
      close: () => publisher.close?.() ?? Promise.resolve(),
    },
  });
  await backstory.consumers.start();
  process.on('message', () => {
    void backstory.consumers
      .wait('killed', undefined, { timeoutMs: 280_000 })
      .then(() => backstory.close())
      .then(() => dataSource.destroy())
      // the publisher has let go of its connection, and of every timer
      .then(() => process.disconnect());
  });
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
