import { createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { DataSource, EntitySchema } from 'typeorm';
import { timed } from '../harness/interleave.mjs';
import { summarize } from '../harness/statistics.mjs';

const AGGREGATES = 200;
const EVENTS = 10_000_000;
const goalMs = 300;
const rounds = 30;

const entities = Array.from(
  { length: AGGREGATES },
  (_, index) =>
    new EntitySchema({
      name: `Kind${index}`,
      columns: { id: { type: 'integer', primary: true, generated: true }, name: { type: 'text' } },
    }),
);

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `What the dashboard asks, with ${AGGREGATES} aggregates and ${EVENTS.toLocaleString('en')} events: milliseconds of each ` +
    `question, as JSON. The overview is to take at most ${goalMs}.`,
  measure: async (run) => {
    const events = run.rounds(EVENTS);
    const database = await createTestDatabase({ serverUrl: run.serverUrl });
    const dataSource = new DataSource({ type: 'postgres', url: database.url, entities, synchronize: true });
    try {
      await dataSource.initialize();
      const backstory = await createBackstory(dataSource);
      await fill(dataSource, events, run.progress);
      const last = String(Math.floor(events / 5) - 1);
      const busiest = categoryOf(0);
      /** @type {Record<string, () => Promise<unknown>>} */
      const questions = {
        overview: () => backstory.admin.overview(),
        'aggregate with the most events, all time': () => backstory.admin.aggregate(busiest),
        'aggregate with the most events, 24 hours': () => backstory.admin.aggregate(busiest, 24),
        'aggregate with the fewest events': () => backstory.admin.aggregate(categoryOf(AGGREGATES - 1)),
        'a stream': () => backstory.admin.stream(busiest, '0'),
        'search by id, in all aggregates': () => backstory.admin.findStreams(last),
        'search by the beginning of an id': () => backstory.admin.findStreams('12', busiest),
        consumers: () => backstory.admin.consumers(),
        doctor: () => backstory.admin.doctor(),
      };
      const figures = [];
      for (const [question, ask] of Object.entries(questions)) {
        run.progress(question);
        const first = await timed(async () => JSON.stringify(await ask()));
        const samples = [];
        for (let round = 0; round < rounds; round++) {
          samples.push(await timed(async () => JSON.stringify(await ask())));
        }
        figures.push({ question, first, ...summarize(samples), most: Math.max(...samples) });
      }
      await backstory.close();
      return [
        {
          title: 'Dashboard',
          figures,
          heading: ['question', 'goal', 'first ms', 'median ms', 'p99 ms', 'most ms', 'n'],
          cells: figures.map(({ question, first, median, p99, most, samples }) => [
            question,
            question === 'overview' ? `≤ ${goalMs}` : '',
            first.toFixed(1),
            `**${median.toFixed(1)}**`,
            p99.toFixed(1),
            most.toFixed(1),
            String(samples),
          ]),
          notes: [
            'After VACUUM and ANALYZE, as autovacuum does them. "first" is the first time it is asked.',
          ],
        },
      ];
    } finally {
      if (dataSource.isInitialized) await dataSource.destroy();
      await database.drop();
    }
  },
};

/** @param {number} index */
function categoryOf(index) {
  return `kind${index}`;
}

/**
 * Streams of five events, over a year; some aggregates have many times as many as others.
 * @param {DataSource} dataSource
 * @param {number} events
 * @param {(text: string) => void} progress
 */
async function fill(dataSource, events, progress) {
  const batch = 1_000_000;
  for (let from = 0; from < events; from += batch) {
    progress(`${from.toLocaleString('en')} events`);
    await dataSource.query(
      `insert into backstory.events (stream_position, recorded_at, change, category, stream_id, type, data, metadata)
       select g % 5 + 1, now() - (${events} - g) * interval '3 seconds', case g % 5 when 0 then 'c' else 'u' end,
         k.category, g / 5, initcap(k.category) || case g % 5 when 0 then 'Created' when 4 then 'Closed' else 'Updated' end,
         '{"id":1,"name":"a name of usual length","status":"open","total":"120.50","updatedAt":"2026-01-01T00:00:00+00:00"}',
         '{"actor":"user-4711","correlationId":"0b5c8a80-5a3c-4b0e-9d7c-2f1f6c2f9d11"}'
       from generate_series(${from}, ${Math.min(from + batch, events) - 1}) g,
         lateral (select 'kind' || floor(${AGGREGATES} * power(abs(hashint4(g / 5) % 10000) / 10000.0, 2))::integer as category) k`,
    );
  }
  // every tenth in each of the stages, so that their conditions are asked for, too
  await dataSource.query(
    `update backstory.stages set stage = 'shadow' where category ~ '[13579]$';
     insert into backstory.backfills (category, started_at, completed_at) select category, now(), now() from backstory.stages;
     insert into backstory.backfill_ranges (category, range, done) select category, r, true from backstory.stages, generate_series(0, 3) r;
     insert into backstory.drift_counts (category, found_by, kind, property, times)
       select category, 'shadow', 'value', 'name', 3 from backstory.stages where category ~ '7$'`,
  );
  progress('vacuum and analyze');
  await dataSource.query('vacuum (analyze) backstory.events');
  await dataSource.query('analyze');
}
