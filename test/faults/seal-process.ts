import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Account, Letter } from '../integration/outbox/ledger.js';

/** Seals, block by small block, until it is killed. */
async function main(): Promise<void> {
  const [, , url, digest] = process.argv as [string, string, string, string];
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: [Account, Letter],
  }).initialize();
  const backstory = await createBackstory(dataSource, { install: 'check' });
  process.stdout.write('ready\n');
  await backstory.seals.run({ digest, blockSize: 3, everyMs: 10 });
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
