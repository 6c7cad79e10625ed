import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { hashOfRows } from '../subjects/article.mjs';
import { hashOfOrders, openOrders } from '../subjects/orders.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const ROWS = 200_000;
const LINES = 5;
const floor = 'hash of the rows';
const goal = 20;

/** What an application writes that has split a property: it calls for each event, and changes what it gets. */
const upcasters = {
  '*': { 1: (/** @type {Record<string, unknown>} */ data) => ({ ...data }) },
};

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `\`backstory.verify()\` of ${ROWS.toLocaleString('en')} rows, a third of which were updated since, against ` +
    'reading and hashing the rows: `SELECT count(*), sum(hashtextextended(t::text, 0))`. Then of orders that own ' +
    `${LINES} lines each, as many rows in all; and of rows whose events an upcaster changes, which are replayed in Node.js.`,
  measure: async (run) => {
    const rows = run.rounds(ROWS);
    const ofOne = await withSubjects(
      run.serverUrl,
      { subject: { recordedBy: 'backstory', rows } },
      ([subject]) => ofArticles(run, 'Verify', subject, rows),
    );
    const ofParts = await ofOrders(run, Math.round(rows / (1 + LINES)));
    const upcast = await withSubjects(
      run.serverUrl,
      { subject: { recordedBy: 'backstory', rows, upcasters } },
      ([subject]) => ofArticles(run, 'Verify, with an upcaster', subject, rows, goal),
    );
    return [ofOne, ofParts, upcast];
  },
};

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {string} title
 * @param {import('../subjects/subject.mjs').Subject | undefined} subject
 * @param {number} rows
 * @param {number} [atMost]
 */
async function ofArticles(run, title, subject, rows, atMost) {
  if (!subject?.backstory) throw new Error('Nothing to measure.');
  await subject.dataSource.query('update article set stock = stock + 1 where id % 3 = 0');
  await subject.tidy();
  return measured(run, title, { ...subject, backstory: subject.backstory }, hashOfRows, rows, atMost);
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {number} roots
 */
async function ofOrders(run, roots) {
  const options = /** @type {const} */ ({
    recordedBy: 'backstory',
    roots,
    linesOfEach: LINES,
    connections: 1,
  });
  const orders = await openOrders(run.serverUrl, 'orders', options);
  try {
    if (!orders.backstory) throw new Error('Nothing to measure.');
    await orders.dataSource.query('update line set quantity = quantity + 1 where order_id % 3 = 0');
    await orders.tidy();
    const subject = { ...orders, backstory: orders.backstory };
    return await measured(run, 'Verify, orders with lines', subject, hashOfOrders, roots * (1 + LINES), goal);
  } finally {
    await orders.close();
  }
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {string} title
 * @param {{ dataSource: import('typeorm').DataSource, backstory: import('@backstory/adapter').Backstory }} subject
 * @param {string} hash
 * @param {number} rows
 * @param {number} [atMost]
 */
async function measured(run, title, { dataSource, backstory }, hash, rows, atMost) {
  /** @type {Record<string, () => Promise<unknown>>} */
  const work = {
    [floor]: () => dataSource.query(hash),
    [`${floor} again`]: () => dataSource.query(hash),
    'verify()': async () => {
      const { clean } = await backstory.verify();
      if (!clean) throw new Error('The events differ from the rows.');
    },
  };
  const variants = Object.keys(work);
  const samples = await interleave({
    variants,
    rounds: 7,
    warmUp: 1,
    random: run.random,
    turn: async (variant, round) => {
      run.progress(`${title}: ${variant}, round ${round}`);
      return [await timed(work[variant] ?? (async () => {}))];
    },
  });
  const measurements = variants.map((variant) => ({
    operation: `verify ${rows.toLocaleString('en')} rows`,
    variant,
    samples: samples.get(variant) ?? [],
    perSecond: rows,
    ...(variant === 'verify()' && atMost !== undefined && { goal: atMost }),
  }));
  return comparison(title, floor, measurements);
}
