import { createBackstory } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { Author, Subject, entities } from '../library/entities.js';

/** Exports in small files, until it is done or killed. */
async function main(): Promise<void> {
  const [, , url, folder] = process.argv as [string, string, string, string];
  const dataSource = await new DataSource({ type: 'postgres', url, entities }).initialize();
  const backstory = await createBackstory(dataSource, {
    aggregates: [{ entity: Author, owns: ['works'] }, Subject],
    install: 'check',
  });
  process.stdout.write('ready\n');
  await backstory.files.export(folder, { fileEvents: 20 });
  await backstory.close();
  await dataSource.destroy();
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
