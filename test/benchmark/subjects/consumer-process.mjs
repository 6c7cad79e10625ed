import { createBackstory, onEvent } from '@backstory/adapter';
import { DataSource } from 'typeorm';
import { articles } from './article.mjs';

// A consumer in a process of its own: node consumer-process.mjs <url> <name>. Until its stdin ends.
const [, , url, name] = process.argv;
if (!url || !name) throw new Error('consumer-process.mjs <url> <name>');
const dataSource = await new DataSource({ type: 'postgres', url, entities: [articles] }).initialize();
const backstory = await createBackstory(dataSource, { install: 'check' });
backstory.consumers.define({ name, handlers: [onEvent({ categories: 'all' }, () => undefined)] });
await backstory.consumers.start();
process.stdout.write('ready\n');
process.stdin.resume().once('end', async () => {
  await backstory.close();
  await dataSource.destroy();
});
