import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { BankAccount, Cashier } from '../bank/bank.js';
import { growing } from '../bank/write-accounts.js';

/** Makes snapshots by reads, and all anew as "backstory snapshots" does it, until it is killed. */
async function main(): Promise<void> {
  const [, , url] = process.argv as [string, string, string];
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: [BankAccount, Cashier],
    poolSize: 6,
  }).initialize();
  const backstory = await createBackstory(dataSource, {
    aggregates: [{ entity: BankAccount, snapshots: { every: 3 } }],
    install: 'check',
  });
  process.stdout.write('ready\n');
  for (;;) {
    for (const id of growing) await backstory.load(BankAccount, id);
    await backstory.rebuildSnapshots();
  }
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
