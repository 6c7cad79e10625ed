import { createBackstory } from '@backstory/adapter';
import { natsPublisher } from '@backstory/adapter/nats';
import { DataSource } from 'typeorm';
import { Account, Letter } from '../integration/outbox/ledger.js';

/** A process that relays to NATS until it is killed. */
async function main(): Promise<void> {
  const [url, server, prefix, partitions] = process.argv.slice(2) as [string, string, string, string];
  const entities = [Account, Letter];
  const dataSource = await new DataSource({ type: 'postgres', url, entities, poolSize: 20 }).initialize();
  const consumers = { leaseMs: 1000, pollMs: 50 };
  const backstory = await createBackstory(dataSource, { install: 'check', consumers });
  const publisher = natsPublisher({
    url: server,
    source: '/ledger',
    subject: () => `${prefix}.account`,
    maxInFlight: 20,
  });
  backstory.consumers.relay({
    name: 'broker',
    from: 'beginning',
    partitions: Number(partitions),
    batchSize: 20,
    publisher,
  });
  await backstory.consumers.start();
  process.stdout.write('ready\n');
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
