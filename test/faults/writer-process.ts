import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { entities } from '../library/entities.js';
import { seededRandom } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';

/** An application in a process of its own: writes until it is killed. Says on stdout what it has done. */
async function main(): Promise<void> {
  const [, , url, seed, task] = process.argv as [string, string, string, string, string];
  const dataSource = await new DataSource({ type: 'postgres', url, entities, poolSize: 6 }).initialize();
  const backstory = await createBackstory(dataSource);
  process.stdout.write('ready\n');
  if (task === 'backfill') {
    await backstory.backfill({ chunkSize: 5 });
    process.stdout.write('done\n');
    return process.exit(0);
  }
  await Promise.all(
    Array.from({ length: 4 }, async (_, writer) => {
      const random = seededRandom(Number(seed) + writer);
      for (;;) await writeRandomly(dataSource, random, 10);
    }),
  );
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
