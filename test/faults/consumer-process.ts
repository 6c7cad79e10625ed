import { createBackstory, onEvent, onEventBatch, type RecordedEvent } from '@backstory/adapter';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { Account, Letter } from '../integration/outbox/ledger.js';

/** A process that works for consumers until it is killed. Every effect is a row that says who did it. */
async function main(): Promise<void> {
  const [, , url, name, leaseMs] = process.argv as [string, string, string, string, string];
  const dataSource = await new DataSource({
    type: 'postgres',
    url,
    entities: [Account, Letter],
    applicationName: 'consumer process',
    poolSize: 20,
  }).initialize();
  const backstory = await createBackstory(dataSource, {
    install: 'check',
    consumers: { leaseMs: Number(leaseMs), pollMs: 50 },
  });
  // Not the consumers' connections, and never ended by the test: effects outside of their transactions.
  const effects = new Pool({ connectionString: url });
  const effect =
    (consumer: string) =>
    (event: RecordedEvent): Promise<unknown> =>
      effects.query(
        'insert into effects (consumer, category, stream_id, stream_position, global_position, process) values ($1, $2, $3, $4, $5, $6)',
        [consumer, event.category, event.streamId, event.streamPosition, event.globalPosition, name],
      );
  const { consumers } = backstory;
  consumers
    .define({
      name: 'every',
      from: 'beginning',
      partitions: 4,
      batchSize: 20,
      handlers: [onEvent({ categories: 'all' }, effect('every'))],
    })
    .define({
      name: 'letters',
      from: 'beginning',
      handlers: [onEvent({ category: 'letter' }, effect('letters'))],
    })
    .define({
      name: 'updates',
      from: 'beginning',
      partitions: 2,
      handlers: [onEvent('AccountUpdated', effect('updates'))],
    })
    .project({
      name: 'view',
      partitions: 2,
      batchSize: 20,
      handlers: [
        onEvent({ categories: 'all' }, (event, { manager }) =>
          manager.query(
            'insert into viewed (category, stream_id, stream_position, global_position) values ($1, $2, $3, $4)',
            [event.category, event.streamId, event.streamPosition, event.globalPosition],
          ),
        ),
      ],
    })
    .project({
      name: 'view-in-batches',
      partitions: 2,
      batchSize: 20,
      handlers: onEventBatch([{ categories: 'all' }], (events, { manager }) =>
        manager.query(
          `insert into viewed_in_batches (category, stream_id, stream_position, global_position)
           select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[])`,
          [
            events.map(({ category }) => category),
            events.map(({ streamId }) => streamId),
            events.map(({ streamPosition }) => streamPosition),
            events.map(({ globalPosition }) => globalPosition),
          ],
        ),
      ),
    });
  await consumers.start();
  process.stdout.write('ready\n');
}

void main().catch((error: unknown) => {
  process.stderr.write(`${String((error as Error).stack)}\n`);
  process.exit(1);
});
