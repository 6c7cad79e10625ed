import { once } from 'node:events';
import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { entities } from '../library/entities.js';

/** An application that backfills when it is told to on its stdin, and is killed meanwhile. */
async function main(): Promise<void> {
  const [, , url, options] = process.argv as [string, string, string, string];
  const dataSource = await new DataSource({ type: 'postgres', url, entities, poolSize: 6 }).initialize();
  const backstory = await createBackstory(dataSource, { install: 'check' });
  process.stdout.write('ready\n');
  await once(process.stdin, 'data');
  await backstory.backfill(JSON.parse(options));
  process.exit(0);
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
