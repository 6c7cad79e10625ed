import { createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource } from 'typeorm';
import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { articles, insertArticles } from '../subjects/article.mjs';
import { requestContext } from '../subjects/subject.mjs';

const ROWS = 1_000;
const EACH = 20;
const floor = 'outbox by hand';

/**
 * The same bytes as an event has, in a table that an application would make for itself, with a context that it writes itself.
 */
const outbox = `create table outbox (
  id bigint generated always as identity primary key, category text not null, stream_id text not null, type text not null,
  data json not null, metadata jsonb not null, recorded_at timestamptz not null default clock_timestamp())`;

const data = { channel: 'sms', template: 'reminder-2', sentAt: '2026-03-01T09:30:00.123Z', attempts: 1 };

/** @typedef {(manager: import('typeorm').EntityManager, id: number) => Promise<unknown>} Write */

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'One transaction with one event of the application’s own: into an outbox table by hand, and by `backstory.append()` into the ' +
    'stream of a row and of a topic. Each with BEGIN and COMMIT; then with an UPDATE of the row (captured in both) in front of it.',
  measure: async (run) => {
    const sections = [];
    for (const writers of run.connections) sections.push(await append(run, writers));
    return sections;
  },
};

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {number} writers
 */
async function append(run, writers) {
  const database = await createTestDatabase({ serverUrl: run.serverUrl });
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    entities: [articles],
    synchronize: true,
    poolSize: writers + 2,
  }).initialize();
  await dataSource.query(`${insertArticles} from generate_series(1, $1::integer) g`, [ROWS]);
  await dataSource.query(outbox);
  const backstory = await createBackstory(dataSource, { topics: ['newsletter'] });
  await backstory.backfill();
  for (const table of ['article', 'outbox', 'backstory.events', 'backstory.pending_events'])
    await dataSource.query(`alter table ${table} set (autovacuum_enabled = false)`);

  /** @type {Write} */
  const byHand = (manager, id) =>
    manager.query(
      'insert into outbox (category, stream_id, type, data, metadata) values ($1, $2, $3, $4, $5)',
      ['article', String(id), 'ReminderSent', JSON.stringify(data), JSON.stringify(requestContext)],
    );
  const event = { type: 'ReminderSent', data };
  /** @type {[variant: string, write: Write][]} */
  const variants = [
    [floor, byHand],
    [`${floor}, again`, byHand],
    ['append to the stream of a row', (manager, id) => backstory.append(manager, 'article', id, event)],
    ['append to streams of a topic', (manager, id) => backstory.append(manager, 'newsletter', id, event)],
    ['append to one stream of a topic', (manager) => backstory.append(manager, 'newsletter', 'all', event)],
  ];
  const operations = {
    'BEGIN, event, COMMIT': false,
    'BEGIN, UPDATE of the row, event, COMMIT': true,
  };
  const measurements = [];
  for (const [operation, updates] of Object.entries(operations)) {
    const samples = await interleave({
      variants,
      rounds: run.rounds(30),
      random: run.random,
      turn: async ([variant, write], round) => {
        run.progress(`${operation}, ${variant}, ${writers} writers, round ${round}`);
        if (round % 10 === 0)
          for (const table of ['article', 'outbox', 'backstory.events', 'backstory.pending_events'])
            await dataSource.query(`vacuum (analyze) ${table}`);
        const ofWriters = Array.from({ length: writers }, async (_, writer) => {
          const times = [];
          for (let n = 0; n < EACH; n++) {
            // each writer has rows of its own
            const id = 1 + writer + writers * Math.floor((run.random() * ROWS) / writers);
            times.push(
              await timed(() =>
                backstory.runInContext(requestContext, () =>
                  dataSource.transaction(async (manager) => {
                    if (updates)
                      await manager.query('update article set stock = stock + 1 where id = $1', [id]);
                    await write(manager, id);
                  }),
                ),
              ),
            );
          }
          return times;
        });
        return (await Promise.all(ofWriters)).flat();
      },
    });
    for (const variant of variants)
      measurements.push({ operation, variant: variant[0], samples: samples.get(variant) ?? [] });
  }
  await backstory.close();
  await dataSource.destroy();
  await database.drop();
  return comparison(
    `An event of the application’s own, ${writers === 1 ? 'one writer' : `${writers} writers`}`,
    floor,
    measurements,
    ['An outbox by hand has no positions in a stream, no expected version and no reader.'],
  );
}
