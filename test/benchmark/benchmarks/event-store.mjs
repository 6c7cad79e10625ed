import { setTimeout as sleep } from 'node:timers/promises';
import { onEvent } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { articlesOf, floor, withEventStores } from '../subjects/event-stores.mjs';
import { readInPages } from '../subjects/pages.mjs';
import { openSubject } from '../subjects/subject.mjs';

const EVENTS = 200_000;
const CAP_MS = 6_000;
const counts = [1, 10, 100];
const lengths = [10, 100, 1000];
const select = 'pg SELECT';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'Events of about 200 bytes are appended, read and subscribed to: with a bare `pg` statement, with Backstory, whose ' +
    'append is a write of the application (so its figures have the rows in them; `rows, no events` is the same write ' +
    'without capture), and with Emmett.',
  measure: async (run) => {
    const sections = [];
    for (const writers of run.connections) {
      sections.push(
        await withEventStores(run, { writers, lengths: [] }, (stores) => append(run, stores, writers)),
      );
    }
    sections.push(
      ...(await withEventStores(run, { writers: 1, lengths }, async (stores) => [
        await read(run, stores, 'read'),
        await read(run, stores, 'load'),
      ])),
    );
    return [...sections, await subscription(run)];
  },
};

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {import('../subjects/event-stores.mjs').EventStore[]} stores
 * @param {number} writers
 */
async function append(run, stores, writers) {
  const measurements = [];
  for (const count of counts) {
    run.progress(`append of ${count}, ${writers} writers`);
    const samples = await interleave({
      variants: stores,
      rounds: run.rounds(30),
      random: run.random,
      turn: async (store) => {
        const times = Array.from({ length: writers }, async (_, worker) => {
          const own = [];
          for (let n = 0; n < (count < 100 ? 8 : 3); n++) {
            own.push(await timed(() => store.append(worker, count)));
          }
          return own;
        });
        return (await Promise.all(times)).flat();
      },
    });
    for (const [{ name }, times] of samples) {
      measurements.push({
        operation: `append of ${count}`,
        variant: name,
        samples: times,
        perSecond: count * writers,
      });
    }
  }
  return comparison(`Append, ${writers} ${writers === 1 ? 'writer' : 'writers'}`, floor, measurements, [
    '`backstory: rows and events` is one INSERT of as many rows, each with a stream of its own; `one stream` is as many ' +
      'updates of one row in a transaction, a round trip each.',
    'per second: events of all writers, from the median.',
  ]);
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {import('../subjects/event-stores.mjs').EventStore[]} stores
 * @param {'read' | 'load'} way
 */
async function read(run, stores, way) {
  const measurements = [];
  for (const length of lengths) {
    run.progress(`${way} of ${length}`);
    const samples = await interleave({
      variants: stores.filter((store) => store[way]),
      rounds: run.rounds(40),
      random: run.random,
      turn: async (store) => {
        const times = [];
        for (let n = 0; n < 5; n++) times.push(await timed(async () => store[way]?.(length)));
        return times;
      },
    });
    for (const [{ name }, times] of samples) {
      const variant = name === floor ? select : name.replace(/:.*/, '');
      measurements.push({ operation: `${length} events`, variant, samples: times, perSecond: length });
    }
  }
  return way === 'read'
    ? comparison('Read of one stream', select, measurements)
    : comparison('State of one stream', select, measurements, [
        'Backstory: `load()`, with the snapshots that it takes by default. Emmett: `aggregateStream`. The floor reads all events and folds them.',
      ]);
}

/** @param {import('../harness/benchmark.mjs').Run} run */
async function subscription(run) {
  const events = run.rounds(EVENTS);
  const capMs = Math.max(2000, Math.min(CAP_MS, run.rounds(CAP_MS)));
  run.progress(`${events} events for the subscription`);
  const subject = await openSubject(run.serverUrl, 'backstory', { recordedBy: 'backstory', rows: events });
  const peers = await run.peers();
  const emmettDatabase = peers && (await createTestDatabase({ serverUrl: run.serverUrl }));
  const emmett = peers && emmettDatabase && (await peers.emmett.open(emmettDatabase.url));
  try {
    const batch = articlesOf(100).map((data) => ({ type: 'ArticleCreated', data }));
    for (let n = 0; n < (emmett ? events / 100 : 0); n++) await emmett?.append(`article-${n}`, batch);
    const bare = 'bare pages of 1000';
    /** @type {Record<string, () => Promise<number>>} */
    const variants = {
      [bare]: async () => ((await timed(() => readInPages(subject.dataSource, true))) / events) * 1000,
    };
    for (const batchSize of [100, 1000]) {
      variants[`backstory, batches of ${batchSize}`] = () =>
        perThousand(events, capMs, (heard) => consume(subject, batchSize, heard));
    }
    if (emmett) {
      variants['emmett, its defaults (100, every 50 ms)'] = () =>
        perThousand(events, capMs, async (heard) => emmett.subscribe(heard).stop);
      const pulling = { batchSize: 1000, pullingFrequencyInMs: 1 };
      variants['emmett, 1000 every 1 ms'] = () =>
        perThousand(events, capMs, async (heard) => emmett.subscribe(heard, pulling).stop);
    }
    const samples = await interleave({
      variants: Object.keys(variants),
      rounds: 3,
      warmUp: 0,
      random: run.random,
      turn: async (variant, round) => {
        run.progress(`subscription: ${variant}, round ${round}`);
        return [(await variants[variant]?.()) ?? Number.NaN];
      },
    });
    const measurements = Object.keys(variants).map((variant) => ({
      operation: '1000 events',
      variant,
      samples: samples.get(variant) ?? [],
      perSecond: 1000,
    }));
    return comparison(`Subscription over ${events.toLocaleString('en')} events`, bare, measurements, [
      'A handler that counts; both store their checkpoints. The floor has no handler, no checkpoint and no care for late commits.',
      `Whoever has not come to the end after ${capMs / 1000} s is stopped: its rate is that of what it has delivered.`,
    ]);
  } finally {
    await emmett?.close();
    await emmettDatabase?.drop();
    await subject.close();
  }
}

let numbered = 0;

/**
 * @param {import('../subjects/subject.mjs').Subject} subject
 * @param {number} batchSize
 * @param {() => void} heard
 */
async function consume({ backstory }, batchSize, heard) {
  if (!backstory) throw new Error('Nothing to measure.');
  const { consumers } = backstory;
  const name = `subscription${numbered++}`;
  consumers.define({
    name,
    from: 'beginning',
    includeBackfill: true,
    batchSize,
    handlers: [onEvent({ categories: 'all' }, heard)],
  });
  await consumers.start();
  return async () => {
    await consumers.stop();
    consumers.forget(name);
  };
}

/**
 * Milliseconds for a thousand events.
 * @param {number} events
 * @param {number} capMs
 * @param {(heard: () => void) => Promise<() => Promise<void>>} start resolves with what stops it
 */
async function perThousand(events, capMs, start) {
  const begin = performance.now();
  let delivered = 0;
  let last = begin;
  /** @type {() => void} */
  let done = () => undefined;
  /** @type {Promise<void>} */
  const all = new Promise((resolve) => (done = resolve));
  const stop = await start(() => {
    last = performance.now();
    if (++delivered >= events) done();
  });
  const cap = new AbortController();
  await Promise.race([all, sleep(capMs, undefined, { signal: cap.signal }).catch(() => undefined)]);
  cap.abort();
  const [heard, ms] = [delivered, last - begin];
  await stop();
  return (ms / heard) * 1000;
}
