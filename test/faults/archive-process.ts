import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { BankAccount, Cashier } from '../bank/bank.js';

/** Moves events to the archive, and puts them back now and then, until it is killed. */
async function main(): Promise<void> {
  const [, , url] = process.argv as [string, string, string];
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: [BankAccount, Cashier],
    poolSize: 3,
  }).initialize();
  const backstory = await createBackstory(dataSource, {
    aggregates: [{ entity: BankAccount, snapshots: { every: 3 } }],
    install: 'check',
  });
  process.stdout.write('ready\n');
  for (let round = 1; ; round++) {
    await backstory.archive.move({ before: new Date(Date.now() + 1000), events: 2 });
    if (round % 3 === 0) await backstory.archive.restore();
  }
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
