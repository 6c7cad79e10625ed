import { setTimeout as sleep } from 'node:timers/promises';
import { onEvent, onEventBatch } from '@backstory/adapter';
import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { readInPages } from '../subjects/pages.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const EVENTS = 200_000;
/** One round trip, which finds nothing to change. */
const WRITE = 'update counted set events = events + 1 where events < 0';
/** A read model that is of use: how many events each stream has. */
const COUNT = `insert into counted_by_stream as c select stream, count(*) from unnest($1::text[]) stream group by stream
  on conflict (stream) do update set events = c.events + excluded.events`;
const floor = 'plain SELECT, raw';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `A consumer comes through a log of ${EVENTS.toLocaleString('en')} events: read by bare pages of 1000 (\`global_position > $1\`, ` +
    'which would lose events), read by the gap-aware reader through a relay to nobody, through a handler, through a ' +
    'handler with a filter, and into a projection; then what a quiet consumer costs, and how late a handler hears of a commit.',
  measure: (run) => {
    const rows = run.rounds(EVENTS);
    return withSubjects(
      run.serverUrl,
      { subject: { recordedBy: 'backstory', rows, connections: 8 } },
      async ([subject]) => {
        if (!subject?.backstory) throw new Error('Nothing to measure.');
        const { dataSource, backstory } = subject;
        const { consumers } = backstory;
        await dataSource.query(
          `create table counted (events int not null); insert into counted values (0);
           create table counted_by_stream (stream text primary key, events int not null)`,
        );
        let numbered = 0;
        /**
         * @param {(name: string) => unknown} define
         */
        const through = async (define) => {
          const name = `consumer${numbered++}`;
          define(name);
          const time = await timed(async () => {
            await consumers.start();
            await consumers.wait(name, undefined, { timeoutMs: 600_000 });
          });
          await consumers.stop();
          consumers.forget(name);
          return time;
        };
        const everything = { categories: /** @type {const} */ ('all') };
        const begin = { from: /** @type {const} */ ('beginning'), includeBackfill: true };
        let seen = 0;
        /** @type {Record<string, () => Promise<number>>} */
        const variants = {
          [floor]: () => timed(() => readInPages(dataSource, false)),
          'plain SELECT, decoded': () => timed(() => readInPages(dataSource, true)),
          'relay to nobody': () =>
            through((name) =>
              consumers.relay({ name, ...begin, batchSize: 1000, publisher: { publish: async () => {} } }),
            ),
          handler: () =>
            through((name) =>
              consumers.define({
                name,
                ...begin,
                batchSize: 1000,
                handlers: [onEvent(everything, () => void seen++)],
              }),
            ),
          'handler that wants none of them': () =>
            through((name) =>
              consumers.define({
                name,
                ...begin,
                handlers: [onEvent({ category: 'none' }, () => void seen++)],
              }),
            ),
          'projection without a write': () =>
            through((name) =>
              consumers.project({ name, handlers: [onEvent(everything, () => void seen++)] }),
            ),
          'projection, one write for each': () =>
            through((name) =>
              consumers.project({
                name,
                handlers: [onEvent(everything, (_event, { manager }) => manager.query(WRITE))],
              }),
            ),
          'projection, one write for each batch of 500': () =>
            through((name) =>
              consumers.project({
                name,
                handlers: onEventBatch([everything], (events, { manager }) =>
                  manager.query(COUNT, [events.map(({ streamId }) => streamId)]),
                ),
              }),
            ),
          'one write for each alone, 100 a transaction': () =>
            timed(async () => {
              for (let left = rows; left > 0; left -= 100) {
                await dataSource.transaction(async (manager) => {
                  for (let n = 0; n < Math.min(100, left); n++) await manager.query(WRITE);
                });
              }
            }),
        };
        const samples = await interleave({
          variants: Object.keys(variants),
          rounds: 3,
          warmUp: 1,
          random: run.random,
          turn: async (variant, round) => {
            run.progress(`${variant}, round ${round}`);
            return [await /** @type {() => Promise<number>} */ (variants[variant])()];
          },
        });
        const measurements = Object.keys(variants).map((variant) => ({
          operation: `${rows.toLocaleString('en')} events`,
          variant,
          samples: samples.get(variant) ?? [],
          perSecond: rows,
        }));
        return [
          comparison('Throughput', floor, measurements, ['goals: 200 000 events/s raw, 138 000 decoded']),
          await latency(run, subject),
          await idle(run, subject),
        ];
      },
    );
  },
};

/**
 * From the moment at which a write has returned to that at which its handler is called.
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {import('../subjects/subject.mjs').Subject} subject
 */
async function latency(run, { dataSource, backstory }) {
  if (!backstory) throw new Error('Nothing to measure.');
  const { consumers } = backstory;
  /** @type {(at: number) => void} */
  let heard = () => undefined;
  consumers.define({
    name: 'latency',
    handlers: [onEvent({ categories: 'all' }, () => heard(performance.now()))],
  });
  await consumers.start();
  /** @type {number[]} */
  const times = [];
  for (let round = 0; round < run.rounds(200); round++) {
    /** @type {Promise<number>} */
    const called = new Promise((resolve) => (heard = resolve));
    await dataSource.query('update article set stock = stock + 1 where id = 1');
    const written = performance.now();
    times.push(Math.max(0, (await called) - written));
    await sleep(run.random() * 50);
  }
  await consumers.stop();
  consumers.forget('latency');
  return comparison('From commit to handler, in the process of the writer', 'woken', [
    { operation: 'one update', variant: 'woken', samples: times },
  ]);
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {import('../subjects/subject.mjs').Subject} subject
 */
async function idle(run, { dataSource, backstory }) {
  if (!backstory) throw new Error('Nothing to measure.');
  const { consumers } = backstory;
  const names = Array.from({ length: 10 }, (_, n) => `idle${n}`);
  const seconds = Math.max(3, run.rounds(10));
  /** @param {string} variant */
  const measure = async (variant) => {
    await sleep(1500);
    const before = process.cpuUsage();
    const started = await transactions(dataSource);
    await sleep(seconds * 1000);
    const { user, system } = process.cpuUsage(before);
    const queries = (await transactions(dataSource)) - started;
    return {
      operation: 'CPU ms a second',
      variant,
      samples: [(user + system) / 1000 / seconds],
      remark: `${(queries / seconds).toFixed(1)} transactions/s`,
    };
  };
  const without = await measure('no consumer');
  for (const name of names)
    consumers.define({ name, handlers: [onEvent({ category: 'article' }, () => undefined)] });
  await consumers.start();
  const quiet = await measure('10 consumers');
  await consumers.stop();
  return comparison('A quiet log', 'no consumer', [without, quiet]);
}

/** @param {import('typeorm').DataSource} dataSource */
async function transactions(dataSource) {
  const [row] = await dataSource.query(
    `select pg_stat_clear_snapshot(), xact_commit::int as n from pg_stat_database where datname = current_database()`,
  );
  return row.n;
}
