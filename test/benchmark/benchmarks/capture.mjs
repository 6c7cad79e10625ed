import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { loadAverage } from '../harness/circumstances.mjs';
import { eventSizes } from '../subjects/event-sizes.mjs';
import { captureProfile } from '../subjects/capture-profile.mjs';
import { articles, newArticle } from '../subjects/article.mjs';
import { requestContext, withSubjects } from '../subjects/subject.mjs';

/** @typedef {import('../subjects/subject.mjs').Subject} Subject */

const BULK = 10_000;
const BATCH = 100;

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'An application writes through TypeORM: without Backstory (`plain`; `plain again` is an identical table in ' +
    'another database: how far its ratio is from 1 is the noise), with it, with it inside `runInContext`, ' +
    'with a trigger that writes nothing but a constant event (`constant event`: no capture can be cheaper), and with ' +
    'a TypeORM subscriber that inserts an audit row.',
  measure: async (run) => {
    const sections = [];
    for (const connections of run.connections) sections.push(await measure(run, connections));
    return [...sections, await eventSizes(run)];
  },
  profile: captureProfile,
};

/**
 * @typedef {object} Operation
 * @property {string} name
 * @property {number} rounds
 * @property {number} perTurn operations of each connection in one turn
 * @property {number} rows that one operation writes
 * @property {number} [goal]
 * @property {boolean} [tidy] leaves so many dead rows that they must go before the next turn
 * @property {(subject: Subject, worker: number, random: () => number) => Promise<() => Promise<unknown>>} prepare
 *   what happens before the clock starts
 */

/** @type {Operation[]} */
const operations = [
  {
    name: 'save() insert',
    rounds: 150,
    perTurn: 4,
    rows: 1,
    goal: 1.08,
    prepare: async ({ dataSource }, _worker, random) => {
      const article = newArticle(Math.floor(random() * BULK));
      return () => dataSource.manager.save(articles, article);
    },
  },
  {
    name: 'save() update',
    rounds: 150,
    perTurn: 4,
    rows: 1,
    goal: 1.08,
    prepare: async ({ dataSource }, worker, random) => {
      const article = await dataSource.manager.findOneByOrFail(articles, { id: idOf(worker, random) });
      Object.assign(article, {
        stock: article.stock + 1,
        title: `${article.title.slice(0, 12)} ${random()}`,
      });
      return () => dataSource.manager.save(articles, article);
    },
  },
  {
    name: 'update()',
    rounds: 150,
    perTurn: 4,
    rows: 1,
    goal: 1.15,
    prepare: async ({ dataSource }, worker, random) => {
      const id = idOf(worker, random);
      const stock = 1000 + Math.floor(random() * 1e6);
      return () => dataSource.manager.update(articles, { id }, { stock });
    },
  },
  {
    name: 'delete()',
    rounds: 150,
    perTurn: 4,
    rows: 1,
    goal: 1.15,
    prepare: async ({ dataSource }, _worker, random) => {
      const article = newArticle(Math.floor(random() * BULK));
      const { identifiers } = await dataSource.manager.insert(articles, article);
      const id = Number(identifiers[0]?.['id']);
      return () => dataSource.manager.delete(articles, { id });
    },
  },
  {
    name: `save() of ${BATCH}`,
    rounds: 50,
    perTurn: 1,
    rows: BATCH,
    goal: 1.2,
    prepare: async ({ dataSource }) => {
      const batch = Array.from({ length: BATCH }, (_, number) => newArticle(number));
      return () => dataSource.manager.save(articles, batch);
    },
  },
  {
    name: 'UPDATE of 10 000',
    rounds: 20,
    perTurn: 1,
    rows: BULK,
    goal: 3.3,
    tidy: true,
    prepare: async ({ dataSource }, worker) => {
      const [first, last] = [worker * BULK + 1, (worker + 1) * BULK];
      return () =>
        dataSource.query(`update article set stock = stock + 1 where id between ${first} and ${last}`);
    },
  },
];

/** Each connection has rows of its own: waiting for a row lock is not what is measured here.
 * @param {number} worker @param {() => number} random */
function idOf(worker, random) {
  return worker * BULK + 1 + Math.floor(random() * BULK);
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {number} connections
 */
function measure(run, connections) {
  const common = { rows: connections * BULK, connections };
  return withSubjects(
    run.serverUrl,
    {
      plain: { ...common, recordedBy: 'nothing' },
      'plain again': { ...common, recordedBy: 'nothing' },
      backstory: { ...common, recordedBy: 'backstory' },
      'backstory, context': { ...common, recordedBy: 'backstory', context: requestContext },
      'constant event': { ...common, recordedBy: 'constant events' },
      subscriber: { ...common, recordedBy: 'subscriber' },
    },
    async (subjects) => {
      const measurements = [];
      for (const operation of operations) {
        run.progress(`${operation.name}, ${connections} connections`);
        measurements.push(...(await measureOperation(run, subjects, operation, connections)));
      }
      const title = `${connections} ${connections === 1 ? 'connection' : 'connections at once'}`;
      return comparison(title, 'plain', measurements, [
        'save() in plain TypeORM is START TRANSACTION, the write and COMMIT; update() and delete() are one statement.',
        `load average ${loadAverage()}`,
      ]);
    },
  );
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {Subject[]} subjects
 * @param {Operation} operation
 * @param {number} connections
 */
async function measureOperation(run, subjects, operation, connections) {
  for (const subject of subjects) await subject.tidy();
  const samples = await interleave({
    variants: subjects,
    rounds: run.rounds(operation.rounds),
    random: run.random,
    turn: async (subject) => {
      if (operation.tidy) await subject.tidy();
      return turn(run, subject, operation, connections);
    },
  });
  const measurements = [];
  for (const subject of subjects) {
    const recorded = await recordedBy(run, subject, operation);
    measurements.push({
      operation: operation.name,
      variant: subject.name,
      samples: samples.get(subject) ?? [],
      goal: subject.name.startsWith('backstory') ? operation.goal : undefined,
      remark: subject.name.startsWith('plain') ? undefined : recorded,
    });
  }
  return measurements;
}

/**
 * What is cheap because it misses the change must not look cheap. Asked once more, after the measurement.
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {Subject} subject
 * @param {Operation} operation
 */
async function recordedBy(run, subject, operation) {
  const work = await operation.prepare(subject, 0, run.random);
  const before = await subject.recorded();
  await work();
  const recorded = (await subject.recorded()) - before;
  return recorded === operation.rows ? undefined : `records ${recorded} of ${operation.rows} rows`;
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {Subject} subject
 * @param {Operation} operation
 * @param {number} connections
 */
async function turn(run, subject, operation, connections) {
  const workers = Array.from({ length: connections }, (_, worker) => worker);
  const prepared = await Promise.all(
    workers.map(async (worker) => {
      const works = [];
      for (let i = 0; i < operation.perTurn; i++) {
        works.push(await operation.prepare(subject, worker, run.random));
      }
      return works;
    }),
  );
  const times = prepared.map((works) =>
    subject.inContext(async () => {
      const own = [];
      for (const work of works) own.push(await timed(work));
      return own;
    }),
  );
  return (await Promise.all(times)).flat();
}
