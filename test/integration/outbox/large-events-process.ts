import { createBackstory, onEvent } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Account, Letter } from './ledger.js';

/** A consumer of all letters in a process of little memory. Says how many it was given, and how many characters they had. */
async function main(): Promise<void> {
  const [, , url, wanted] = process.argv as [string, string, string, string];
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: [Account, Letter],
  }).initialize();
  const backstory = await createBackstory(dataSource, { install: 'check', consumers: { pollMs: 50 } });
  let events = 0;
  let characters = 0;
  await new Promise<void>((resolve) => {
    backstory.consumers.define({
      name: 'reader',
      from: 'beginning',
      handlers: [
        onEvent({ entity: Letter }, ({ data }) => {
          events++;
          characters += data.text?.length ?? 0;
          if (events === Number(wanted)) resolve();
        }),
      ],
    });
    void backstory.consumers.start();
  });
  process.stdout.write(JSON.stringify({ events, characters }));
  await backstory.close();
  await dataSource.destroy();
}

void main();
