import { createBackstory, onEvent, onEventBatch, type RecordedEvent } from '@backstory/adapter';
import { DataSource, type DataSourceOptions, type EntityManager } from 'typeorm';
import { count, counts } from '../integration/elsewhere/counts.js';
import { Account, Letter } from '../integration/outbox/ledger.js';
import type { Target } from '../targets/target.js';

export interface ProjectingProcess {
  readonly url: string;
  readonly targets: Readonly<Record<string, { kind: Target['kind']; options: DataSourceOptions }>>;
  readonly leaseMs: number;
  /** Of how many events one fails; 0 for none. */
  readonly failing: number;
}

/** Works for a projection in each of some databases until it is killed. */
async function main(): Promise<void> {
  const { url, targets, leaseMs, failing } = JSON.parse(process.argv[2] as string) as ProjectingProcess;
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: [Account, Letter],
    applicationName: 'projecting process',
    poolSize: 20,
  }).initialize();
  const { consumers } = await createBackstory(dataSource, {
    install: 'check',
    consumers: { leaseMs, pollMs: 50 },
  });
  const fail = (event: RecordedEvent): void => {
    if (failing > 0 && Math.random() < 1 / failing) throw new Error(`not ${event.globalPosition}`);
  };
  for (const [name, { kind, options }] of Object.entries(targets)) {
    const inBatches = onEventBatch<EntityManager>([{ category: 'account' }], async (events, delivery) => {
      for (const event of events) {
        await count(kind, event, delivery);
        fail(event);
      }
    });
    const oneByOne = onEvent<EntityManager>({ category: 'account' }, async (event, delivery) => {
      await count(kind, event, delivery);
      fail(event);
    });
    consumers.project(
      counts({ kind }, new DataSource(options), {
        name,
        partitions: 2,
        batchSize: 20,
        attempts: 1,
        handlers: name.endsWith('batches') ? inBatches : [oneByOne],
        tables: ['counts'],
      }),
    );
  }
  await consumers.start();
  process.stdout.write('ready\n');
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
