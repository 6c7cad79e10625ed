import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Cart, cartEntities, cartOptions } from '../integration/commands/carts.js';
import { countedInCart } from '../integration/commands/command-carts-randomly.js';

/**
 * Handles commands in a process of its own, until it is killed or each writer has come to `last`. One line for each number that a command has come back with:
 * `writer number`. Each writer begins with a number of its own.
 */
async function main(): Promise<void> {
  const [, , url, last, ...firsts] = process.argv as [string, string, string, string, ...string[]];
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: cartEntities,
    poolSize: 6,
  }).initialize();
  const backstory = await createBackstory(dataSource, cartOptions({ CountedInCart: countedInCart }));
  process.stdout.write('ready\n');
  await Promise.all(
    firsts.map(async (first, writer) => {
      for (let number = Number(first); number <= Number(last); number++) {
        await backstory.handle(
          Cart,
          1 + (number % 3),
          () => ({ type: 'CountedInCart', data: { number: writer * 1_000_000 + number } }),
          { commandId: `writer ${writer}, number ${number}`, retries: 1_000 },
        );
        process.stdout.write(`${writer} ${number}\n`);
      }
    }),
  );
  await backstory.close();
  await dataSource.destroy();
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
