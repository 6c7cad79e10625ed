import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Customer, Purchase, PurchaseLine } from './people.js';

/** Erases a customer with many purchases, until it is killed. */
async function main(): Promise<void> {
  const [, , url] = process.argv as [string, string, string];
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: [Customer, Purchase, PurchaseLine],
  }).initialize();
  const backstory = await createBackstory(dataSource, {
    aggregates: [
      { entity: Customer, personal: ['name', 'email', 'settings'] },
      { entity: Purchase, owns: ['lines'], subject: 'customer.id', personal: ['shipTo'] },
      { entity: PurchaseLine, subject: { customer: 'giftFor' }, personal: ['engraving'] },
    ],
    install: 'check',
  });
  process.stdout.write('ready\n');
  await backstory.erasure.eraseSubject('customer:42');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
