import { readFileSync } from 'node:fs';
import { comparison } from '../harness/comparison.mjs';
import { interleave } from '../harness/interleave.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const ROWS = 20_000;
const LOOP = 1_000;
const floor = 'plain';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'Transactions of one row each, in a loop inside the server: the processor time of the server process as Linux counts it ' +
    '(`/proc/<pid>/schedstat`), without the flush of each commit. `audit trigger` is one that teams write ' +
    'by hand, `constant events` a trigger that writes the same event whatever has changed. On a server elsewhere there is nothing to read.',
  measure: (run) => {
    const subjects = /** @type {const} */ ({
      [floor]: { recordedBy: 'nothing', rows: ROWS },
      'audit trigger': { recordedBy: 'audit trigger', rows: ROWS },
      'constant events': { recordedBy: 'constant events', rows: ROWS },
      backstory: { recordedBy: 'backstory', rows: ROWS },
    });
    return withSubjects(run.serverUrl, subjects, async (opened) => {
      const measurements = [];
      for (const [operation, statement] of Object.entries(operations)) {
        run.progress(operation);
        const samples = await interleave({
          variants: opened,
          rounds: run.rounds(10),
          random: run.random,
          turn: async (subject, round) => {
            await subject.tidy();
            return [await processorTime(subject.dataSource, loop(statement(round)))];
          },
        });
        for (const [subject, times] of samples)
          measurements.push({ operation, variant: subject.name, samples: times });
      }
      return [comparison('Milliseconds of processor time per transaction', floor, measurements)];
    });
  },
};

/** @type {Record<string, (round: number) => string>} */
const operations = {
  'INSERT of one row': () =>
    `insert into article (title, stock, price, summary, note, attributes)
     values ('Article ' || i, i % 1000, 12.50, 'Summary of this article', 'none', jsonb_build_object('size', i % 50))`,
  'UPDATE of one row': () => 'update article set stock = stock + 1 where id = i',
  // of ids that no update has met
  'DELETE of one row': (round) => `delete from article where id = ${ROWS - (round % 18) * LOOP} - i`,
};

/** @param {string} statement */
const loop = (statement) => `do $$ begin for i in 1..${LOOP} loop ${statement}; commit; end loop; end $$`;

/**
 * Of the server process behind a connection, in milliseconds for each time around the loop.
 * @param {import('typeorm').DataSource} dataSource
 * @param {string} statement
 */
async function processorTime(dataSource, statement) {
  const runner = dataSource.createQueryRunner();
  try {
    const [{ pid }] = await runner.query('select pg_backend_pid() as pid');
    const spent = () => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);
    // to flush takes more of a processor than the write itself
    await runner.query('set synchronous_commit = off');
    const before = spent();
    await runner.query(statement);
    return (spent() - before) / 1e6 / LOOP;
  } finally {
    await runner.query('reset synchronous_commit');
    await runner.release();
  }
}
