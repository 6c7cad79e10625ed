import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onEvent } from '@backstory/adapter';
import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { statementProfile } from '../harness/statement-profile.mjs';
import { barePage } from '../subjects/pages.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const WRITES_PER_SECOND = 500;
const WRITERS = 8;
const ROWS = 1000;
const alone = 'nobody listens';
/** What no consumer can do without. */
const bare = 'bare pages and a checkpoint';
const update = 'update article set stock = stock + 1 where id = $1 returning stock';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `How late a handler hears of a commit while the application writes ${WRITES_PER_SECOND} times a second, from the moment at which ` +
    `the write has returned; and what ${WRITERS} connections that write as fast as they can lose to a consumer that keeps up with ` +
    'them, in the same process or in one of its own.',
  measure: (run) =>
    withSubjects(
      run.serverUrl,
      { subject: { recordedBy: 'backstory', rows: ROWS, connections: WRITERS } },
      async ([subject]) => {
        if (!subject?.backstory) throw new Error('Nothing to measure.');
        return [await lateness(run, subject), await throughput(run, subject)];
      },
    ),
  profile: (run) => {
    const subjects = /** @type {const} */ ({
      subject: { recordedBy: 'backstory', rows: ROWS, connections: WRITERS },
    });
    return withSubjects(run.serverUrl, subjects, async ([subject]) => {
      if (!subject?.backstory) throw new Error('Nothing to profile.');
      const { dataSource, backstory } = subject;
      const writes = run.rounds(8000);
      const title = `${writes.toLocaleString('en')} updates through ${WRITERS} connections`;
      const work = () => writeAsFastAsPossible(run, dataSource, writes);
      await work();
      const without = await statementProfile(dataSource, `${title}, nobody listens`, work);
      backstory.consumers.define({
        name: 'profiled',
        handlers: [onEvent({ categories: 'all' }, () => undefined)],
      });
      await backstory.consumers.start();
      await work();
      const beside = await statementProfile(dataSource, `${title}, beside a consumer`, work);
      await backstory.consumers.stop();
      return `${without}\n${beside}`;
    });
  },
};

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {import('typeorm').DataSource} dataSource
 * @param {number} writes
 */
async function writeAsFastAsPossible({ random }, dataSource, writes) {
  let left = writes;
  await Promise.all(
    Array.from({ length: WRITERS }, async () => {
      while (left-- > 0) await dataSource.query(update, [1 + Math.floor(random() * ROWS)]);
    }),
  );
}

/**
 * Reads what is new every ten milliseconds, in the process of the writers, and notes how far it is. It would lose what commits late.
 * @param {import('typeorm').DataSource} dataSource
 * @param {AbortSignal} signal
 */
async function followByHand(dataSource, signal) {
  await dataSource.query(
    `create table if not exists followed (position bigint not null); truncate followed;
     insert into followed select coalesce(max(global_position), 0) from backstory.events`,
  );
  let [{ position }] = await dataSource.query('select position::text from followed');
  while (!signal.aborted) {
    const end = await barePage(dataSource, position, true);
    if (end !== undefined) await dataSource.query('update followed set position = $1', [(position = end)]);
    await sleep(10);
  }
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {import('../subjects/subject.mjs').Subject} subject
 */
async function lateness(run, { dataSource, backstory }) {
  if (!backstory) throw new Error('Nothing to measure.');
  /** @type {Map<string, number>} */
  const committed = new Map();
  /** @type {number[]} */
  const times = [];
  backstory.consumers.define({
    name: 'lateness',
    handlers: [
      onEvent({ categories: 'all' }, ({ streamId, data }) => {
        const change = `${streamId}:${/** @type {{ stock: number }} */ (data).stock}`;
        const at = committed.get(change);
        if (at !== undefined) times.push(performance.now() - at);
        // heard of before the write itself had returned
        else times.push(0);
      }),
    ],
  });
  await backstory.consumers.start();
  const seconds = Math.max(3, run.rounds(20));
  run.progress(`${WRITES_PER_SECOND} writes a second for ${seconds} seconds`);
  const begin = performance.now();
  const writes = [];
  for (let n = 0; n < seconds * WRITES_PER_SECOND; n++) {
    const due = begin + (n * 1000) / WRITES_PER_SECOND;
    if (due > performance.now()) await sleep(due - performance.now());
    const id = 1 + Math.floor(run.random() * ROWS);
    writes.push(
      dataSource
        .query(update, [id])
        .then(([[{ stock }]]) => committed.set(`${id}:${stock}`, performance.now())),
    );
  }
  await Promise.all(writes);
  await backstory.consumers.wait('lateness');
  await backstory.consumers.stop();
  backstory.consumers.forget('lateness');
  const title = `From commit to handler, ${WRITES_PER_SECOND} writes a second`;
  return comparison(
    title,
    'handler',
    [{ operation: 'one update', variant: 'handler', samples: times }],
    ['Goal: 50 ms at the 99th percentile.'],
  );
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {import('../subjects/subject.mjs').Subject} subject
 */
async function throughput(run, { dataSource, backstory, tidy }) {
  if (!backstory) throw new Error('Nothing to measure.');
  const { consumers } = backstory;
  /** @type {Record<string, (name: string) => Promise<() => Promise<unknown>>>} starts to listen, and gives how to end it */
  const listeners = {
    [alone]: async () => async () => undefined,
    'nobody listens, again': async () => async () => undefined,
    'a consumer': async (name) => {
      consumers.define({ name, handlers: [onEvent({ categories: 'all' }, () => undefined)] });
      await consumers.start();
      return async () => {
        await consumers.stop();
        consumers.forget(name);
      };
    },
    [bare]: async () => {
      const reading = new AbortController();
      const ended = followByHand(dataSource, reading.signal);
      return () => {
        reading.abort();
        return ended;
      };
    },
    'a consumer in its own process': async (name) => {
      const url = /** @type {{ url: string }} */ (dataSource.options).url;
      const file = path.join(import.meta.dirname, '../subjects/consumer-process.mjs');
      const child = spawn(process.execPath, [file, url, name], { stdio: ['pipe', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      return () => {
        child.stdin.end();
        return once(child, 'exit');
      };
    },
  };
  const variants = Object.keys(listeners);
  const writes = run.rounds(4000);
  const samples = await interleave({
    variants,
    rounds: 7,
    warmUp: 1,
    random: run.random,
    turn: async (variant, round) => {
      run.progress(`${variant}, round ${round}`);
      const name = `${variant.replaceAll(/\W+/g, '-')}-${round}`;
      const end = await listeners[variant]?.(name);
      // a process that has just begun is slow at first
      await writeAsFastAsPossible(run, dataSource, writes / 2);
      const time = await timed(() => writeAsFastAsPossible(run, dataSource, writes));
      if (variant.startsWith('a consumer')) await consumers.wait(name);
      await end?.();
      await tidy();
      return [time];
    },
  });
  return comparison(
    `${WRITERS} connections write as fast as they can`,
    alone,
    variants.map((variant) => ({
      operation: `${writes.toLocaleString('en')} updates`,
      variant,
      samples: samples.get(variant) ?? [],
      perSecond: writes,
      ...(variant.startsWith('a consumer') && { goal: 1.05 }),
    })),
    ["The consumer's work, and the server's, is done on the same cores as that of the writers."],
  );
}
