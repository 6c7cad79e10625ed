import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { appendRandomly, Appended } from '../integration/appending/append-randomly.js';
import { depotEntities, depotOptions } from '../integration/appending/parcels.js';
import { seededRandom } from '../library/random.js';

/** Appends in a process of its own until it is killed. Each line that it writes says what has been committed by then. */
async function main(): Promise<void> {
  const [, , url, seed, first] = process.argv as [string, string, string, string, string];
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: depotEntities,
    poolSize: 6,
  }).initialize();
  const backstory = await createBackstory(dataSource, depotOptions);
  const appended = new Appended(Number(first));
  process.stdout.write('ready\n');
  let told = new Set<number>();
  const tell = (): void => {
    const news = [...appended.committed].filter((n) => !told.has(n));
    told = new Set(appended.committed);
    if (news.length > 0) process.stdout.write(`${news.join(' ')}\n`);
  };
  await Promise.all(
    Array.from({ length: 4 }, async (_, writer) => {
      const random = seededRandom(Number(seed) + writer);
      for (;;) {
        await appendRandomly({ dataSource, backstory }, random, appended, false);
        tell();
      }
    }),
  );
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
