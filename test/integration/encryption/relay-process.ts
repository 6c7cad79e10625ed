import { setTimeout as sleep } from 'node:timers/promises';
import { createBackstory, environmentKeys } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { toCloudEvent } from '../../../packages/adapter/src/brokers/cloud-events/index.js';
import { aggregates, Customer, Purchase, PurchaseLine } from '../erasure/people.js';

/** Prints encrypted events, a line for each, until it is killed. */
async function main(): Promise<void> {
  const [, , url, variable] = process.argv as [string, string, string, string];
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: [Customer, Purchase, PurchaseLine],
  }).initialize();
  const backstory = await createBackstory(dataSource, {
    aggregates,
    install: 'check',
    encryption: { keys: environmentKeys(variable) },
    consumers: { leaseMs: 1000 },
  });
  backstory.consumers.relay({
    name: 'killed',
    from: 'beginning',
    batchSize: 50,
    publisher: {
      publish: async (events) => {
        for (const event of events) process.stdout.write(`${JSON.stringify(toCloudEvent(event, '/shop'))}\n`);
        await sleep(25);
      },
    },
  });
  await backstory.consumers.start();
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
