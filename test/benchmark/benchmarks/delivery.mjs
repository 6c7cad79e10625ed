import { comparison } from '../harness/comparison.mjs';
import { judgedDelivery } from '../harness/judged-delivery.mjs';
import { seededRandom } from '../harness/seeded-random.mjs';
import { inBackstory, inEmmett } from '../subjects/delivery-logs.mjs';

const WRITERS = 8;
const STREAMS = 40;
const SECONDS = 5;
const ROUNDS = 3;

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `Is everything delivered, once and in order? ${WRITERS} writers append 1 to 20 events at a time to ${STREAMS} streams, in ` +
    'transactions that stay open for up to 50 ms after the write; one in ten is rolled back. A consumer listens meanwhile. ' +
    'In the middle a transaction that has nothing to do with it stays open for two seconds.',
  measure: async (run) => {
    const peers = await run.peers();
    const seconds = Math.max(3, Math.min(SECONDS, run.rounds(SECONDS)));
    const seed = Math.floor(run.random() * 1_000_000);
    /** @type {Record<string, () => Promise<import('../subjects/delivery-logs.mjs').DeliveryLog>>} */
    const logs = { 'Backstory, its defaults': () => inBackstory(run.serverUrl, STREAMS) };
    if (peers) {
      logs['Emmett, its defaults'] = () => inEmmett(run.serverUrl, peers.emmett, {});
      logs['Emmett, 1000 every 1 ms'] = () =>
        inEmmett(run.serverUrl, peers.emmett, { batchSize: 1000, pullingFrequencyInMs: 1 });
    }
    const verdicts = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, open] of Object.entries(logs)) {
        run.progress(`${name}, round ${round}`);
        verdicts.push({ name, ...(await tryOut(open, seed + round, seconds)) });
      }
    }
    return [correctness(verdicts), delay(verdicts)];
  },
};

/** @typedef {{ name: string } & Awaited<ReturnType<typeof tryOut>>} Verdict */

/**
 * @param {() => Promise<import('../subjects/delivery-logs.mjs').DeliveryLog>} open
 * @param {number} seed
 * @param {number} seconds
 */
async function tryOut(open, seed, seconds) {
  const log = await open();
  try {
    /** @type {Map<string, number>} */
    const committed = new Map();
    const end = performance.now() + seconds * 1000;
    const unrelated = (async () => {
      await new Promise((resolve) => setTimeout(resolve, (seconds * 1000) / 3));
      await log.holdUnrelatedTransaction(2000);
    })();
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      const random = seededRandom(seed * 100 + writer);
      while (performance.now() < end) {
        const stream = 1 + Math.floor(random() * STREAMS);
        const work = { openMs: random() * 50, fails: random() < 0.1 };
        const written = await log.append(stream, 1 + Math.floor(random() * 20), work);
        const now = performance.now();
        for (const event of written) committed.set(event, now);
      }
    });
    await Promise.all([...writers, unrelated]);
    await log.settled();
    return { events: committed.size, ...judgedDelivery(log.delivered, committed) };
  } finally {
    await log.close();
  }
}

/** @param {readonly Verdict[]} verdicts */
function correctness(verdicts) {
  return {
    title: `What arrived, ${ROUNDS} runs each`,
    figures: verdicts.map(({ delays, ...verdict }) => ({ ...verdict, delivered: delays.length })),
    heading: ['log', 'events', 'lost', 'out of order', 'repeated'],
    cells: verdicts.map(({ name, events, lost, outOfOrder, repeated }) => [
      name,
      ...[events, lost, outOfOrder, repeated].map((count) => count.toLocaleString('en')),
    ]),
    notes: [
      'Lost: committed, and not delivered when nothing was left to come (Backstory: its checkpoint is past everything; Emmett: ' +
        'nothing for five seconds, while it polls once a second at least).',
      'Out of order: delivered after a later event of the same stream.',
      'Emmett: `appendToStream` without an expected version, repeated when it reports a conflict; the transaction stays open in an inline projection.',
      'Backstory: each transaction updates one row as many times.',
    ],
  };
}

/** @param {readonly Verdict[]} verdicts */
function delay(verdicts) {
  const names = [...new Set(verdicts.map(({ name }) => name))];
  return comparison(
    'From commit to delivery',
    names[0] ?? '',
    names.map((variant) => ({
      operation: 'one event',
      variant,
      samples: verdicts.filter(({ name }) => name === variant).flatMap(({ delays }) => delays),
    })),
    ['The two seconds of the unrelated transaction are in the 99th percentile of whoever waits for it.'],
  );
}
