import { setTimeout as sleep } from 'node:timers/promises';
import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { loadAverage } from '../harness/circumstances.mjs';
import { captureProfile } from '../subjects/capture-profile.mjs';
import { requestContext, withSubjects } from '../subjects/subject.mjs';
import { ROWS_OF_EACH, writeOperations } from '../subjects/write-operations.mjs';

/** @typedef {import('../subjects/subject.mjs').Subject} Subject */
/** @typedef {import('../subjects/write-operations.mjs').Operation} Operation */

/** What an application does between its write and its COMMIT. */
const WORK_MS = 5;

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'An application writes through TypeORM: without Backstory (`plain`; `plain again` is an identical table in ' +
    'another database: how far its ratio is from 1 is the noise), with it, with it inside `runInContext`, ' +
    'with a trigger that writes nothing but a constant event (`constant event`: no capture can be cheaper), and with ' +
    'what a user would write or install instead: a TypeORM subscriber that inserts an audit row, the audit package ' +
    '@operato/typeorm-history, and a generic trigger that writes whole rows as jsonb.',
  measure: async (run) => {
    const sections = [];
    for (const connections of run.connections) sections.push(...(await measure(run, connections)));
    return sections;
  },
  profile: captureProfile,
};

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {number} connections
 */
async function measure(run, connections) {
  const common = { rows: connections * ROWS_OF_EACH, connections };
  const auditPackage = (await run.peers())?.auditPackage;
  return withSubjects(
    run.serverUrl,
    {
      plain: { ...common, recordedBy: 'nothing' },
      'plain again': { ...common, recordedBy: 'nothing' },
      backstory: { ...common, recordedBy: 'backstory' },
      'backstory, context': { ...common, recordedBy: 'backstory', context: requestContext },
      'constant event': { ...common, recordedBy: 'constant events' },
      subscriber: { ...common, recordedBy: 'subscriber' },
      ...(auditPackage && { 'audit package': { ...common, recordedBy: 'audit package', auditPackage } }),
      'audit trigger': { ...common, recordedBy: 'audit trigger' },
    },
    async (subjects) => {
      const title = `${connections} ${connections === 1 ? 'connection' : 'connections at once'}`;
      return [
        comparison(title, 'plain', await measureAll(run, subjects, connections, 0), [
          'save() in plain TypeORM is START TRANSACTION, the write and COMMIT; update() and delete() are one statement.',
          `load average ${loadAverage()}`,
        ]),
        comparison(
          `${title}, ${WORK_MS} ms of work in the transaction`,
          'plain',
          await measureAll(run, subjects, connections, WORK_MS),
          ['Each write in a transaction of the application, which waits before it commits.'],
        ),
      ];
    },
  );
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {Subject[]} subjects
 * @param {number} connections
 * @param {number} workMs in the transaction; 0: the write is on its own
 */
async function measureAll(run, subjects, connections, workMs) {
  const measurements = [];
  for (const operation of writeOperations) {
    run.progress(`${operation.name}, ${connections} connections${workMs ? `, ${workMs} ms of work` : ''}`);
    const wanted = workMs ? { ...operation, samples: operation.samples / 3, goal: undefined } : operation;
    measurements.push(...(await measureOperation(run, subjects, wanted, connections, workMs)));
  }
  return measurements;
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {Subject[]} subjects
 * @param {Operation} operation
 * @param {number} connections
 * @param {number} workMs
 */
async function measureOperation(run, subjects, operation, connections, workMs) {
  for (const subject of subjects) await subject.tidy();
  const samples = await interleave({
    variants: subjects,
    rounds: run.rounds(operation.samples / operation.perTurn / connections),
    random: run.random,
    turn: async (subject) => {
      if (operation.tidy) await subject.tidy();
      return turn(run, subject, operation, connections, workMs);
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
  await work(subject.dataSource.manager);
  const recorded = (await subject.recorded()) - before;
  return recorded === operation.rows ? undefined : `records ${recorded} of ${operation.rows} rows`;
}

/**
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {Subject} subject
 * @param {Operation} operation
 * @param {number} connections
 * @param {number} workMs
 */
async function turn(run, subject, operation, connections, workMs) {
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
      for (const work of works) own.push(await timed(() => written(subject, work, workMs)));
      return own;
    }),
  );
  return (await Promise.all(times)).flat();
}

/**
 * @param {Subject} subject
 * @param {import('../subjects/write-operations.mjs').Work} work
 * @param {number} workMs
 */
function written({ dataSource }, work, workMs) {
  if (workMs === 0) return work(dataSource.manager);
  return dataSource.transaction(async (manager) => {
    await work(manager);
    await sleep(workMs);
  });
}
