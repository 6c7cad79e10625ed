import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { openOrders } from '../subjects/orders.mjs';

/** @typedef {import('../subjects/orders.mjs').Orders} Orders */
/** @typedef {import('../subjects/orders.mjs').RecordedBy} RecordedBy */

const WRITERS = 8;
/** Of each order, for each writer. */
const LINES = 2;
const PARTS = 50_000;
const plain = 'plain';
/** Seven tenths of the commits of those without events. */
const goalOfWriters = 1.43;
const goalOfStatement = 5;

/** @type {Record<string, RecordedBy>} */
const recordedBy = {
  [plain]: 'nothing',
  'plain again': 'nothing',
  backstory: 'backstory',
  'trigger by hand': 'by hand',
};

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `Orders that own their lines. ${WRITERS} connections change two lines of their own in each transaction, which nobody else changes, as fast as ` +
    `they can; and one statement changes ${PARTS.toLocaleString('en')} lines. Beside them the same without events, and with the least that ` +
    'a trigger can do which puts the events of lines in order (`trigger by hand`): it locks the ends of the streams at once and inserts a constant event.',
  measure: async (run) => {
    const sections = [];
    for (const isolation of ['READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE'])
      sections.push(await writers(run, isolation));
    sections.push(await statements(run));
    return sections;
  },
};

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {string} isolation
 */
async function writers(run, isolation) {
  /** @type {import('../harness/comparison.mjs').Measurement[]} */
  const measurements = [];
  for (const roots of [4, 200]) {
    await withOrders(run, { roots, linesOfEach: WRITERS * LINES, connections: WRITERS }, async (subjects) => {
      /** @type {Map<Orders, Outcomes>} */
      const outcomes = new Map(subjects.map((subject) => [subject, { committed: 0, failed: new Map() }]));
      const samples = await interleave({
        variants: subjects,
        rounds: run.rounds(10),
        random: run.random,
        turn: async (subject, round) => {
          run.progress(`${isolation}, ${roots} orders, ${subject.name}, round ${round}`);
          const outcome = /** @type {Outcomes} */ (outcomes.get(subject));
          const before = outcome.committed;
          const time = await timed(() => writeAll(run, subject, isolation, roots, outcome));
          const committed = outcome.committed - before;
          await subject.tidy();
          return committed > 0 ? [time / committed] : [];
        },
      });
      for (const subject of subjects) {
        const { committed, failed } = /** @type {Outcomes} */ (outcomes.get(subject));
        const codes = [...failed].map(([code, count]) => `${code}: ${count}`);
        measurements.push({
          operation: `${roots} orders`,
          variant: subject.name,
          samples: samples.get(subject) ?? [],
          perSecond: 1,
          ...(subject.name === 'backstory' && { goal: goalOfWriters }),
          remark: `${committed} committed${codes.map((code) => `, ${code}`).join('')}`,
        });
      }
    });
  }
  return comparison(`${WRITERS} writers of lines, ${isolation}`, plain, measurements, [
    'Time for each commit, over all writers. Failed transactions are not tried again; their time counts.',
  ]);
}

/** @typedef {{ committed: number, failed: Map<string, number> }} Outcomes */

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {Orders} subject
 * @param {string} isolation
 * @param {number} roots
 * @param {Outcomes} outcome
 */
async function writeAll({ random }, { dataSource }, isolation, roots, outcome) {
  const own = (/** @type {number} */ writer) =>
    (writer * LINES + Math.floor(random() * LINES)) * roots + Math.floor(random() * roots) + 1;
  const write = 'update line set quantity = quantity + 1 where id = $1';
  await Promise.all(
    Array.from({ length: WRITERS }, async (_, writer) => {
      const runner = dataSource.createQueryRunner();
      for (let n = 0; n < 50; n++) {
        try {
          await runner.query(`begin isolation level ${isolation}`);
          await runner.query(write, [own(writer)]);
          await runner.query(write, [own(writer)]);
          await runner.query('commit');
          outcome.committed++;
        } catch (error) {
          const { code } = /** @type {{ code: string }} */ (error);
          outcome.failed.set(code, (outcome.failed.get(code) ?? 0) + 1);
          await runner.query('rollback');
        }
      }
      await runner.release();
    }),
  );
}

/** @param {import('../harness/benchmark.mjs').Run} run */
async function statements(run) {
  /** @type {import('../harness/comparison.mjs').Measurement[]} */
  const measurements = [];
  for (const roots of [200, 5000]) {
    await withOrders(run, { roots, linesOfEach: PARTS / roots, connections: 1 }, async (subjects) => {
      const samples = await interleave({
        variants: subjects,
        rounds: run.rounds(5),
        random: run.random,
        turn: async (subject, round) => {
          run.progress(`${PARTS} lines of ${roots} orders, ${subject.name}, round ${round}`);
          const time = await timed(() => subject.dataSource.query('update line set quantity = quantity + 1'));
          await subject.tidy();
          return [time];
        },
      });
      for (const subject of subjects)
        measurements.push({
          operation: `UPDATE of ${PARTS.toLocaleString('en')} lines of ${roots.toLocaleString('en')} orders`,
          variant: subject.name,
          samples: samples.get(subject) ?? [],
          ...(subject.name === 'backstory' && { goal: goalOfStatement }),
        });
    });
  }
  return comparison('One statement over all lines', plain, measurements);
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {{ roots: number, linesOfEach: number, connections: number }} options
 * @param {(subjects: Orders[]) => Promise<void>} work
 */
async function withOrders({ serverUrl }, options, work) {
  /** @type {Orders[]} */
  const subjects = [];
  try {
    for (const [name, by] of Object.entries(recordedBy))
      subjects.push(await openOrders(serverUrl, name, { ...options, recordedBy: by }));
    await work(subjects);
  } finally {
    for (const subject of subjects) await subject.close();
  }
}
