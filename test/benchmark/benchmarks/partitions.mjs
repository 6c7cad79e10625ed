import { comparison } from '../harness/comparison.mjs';
import { measureUpdates } from '../subjects/measure-updates.mjs';
import { partitionEvents } from '../subjects/partition-events.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const ROWS = 20_000;
const oneTable = 'one table';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'What it would cost capture if the events table were partitioned by position, which it is not: docs/adr/0008.',
  measure: async (run) => [await partitions(run)],
};

/** @param {import('../harness/benchmark.mjs').Run} run @returns {Promise<import('../harness/benchmark.mjs').Section>} */
async function partitions(run) {
  /** @type {Record<string, number>} */
  const counts = { [oneTable]: 1, [`${oneTable} again`]: 1, '12 partitions': 12, '60 partitions': 60 };
  const subjects = Object.fromEntries(
    Object.keys(counts).map((name) => [name, /** @type {const} */ ({ recordedBy: 'backstory', rows: ROWS })]),
  );
  return withSubjects(run.serverUrl, subjects, async (opened) => {
    for (const { name, dataSource } of opened) {
      if ((counts[name] ?? 1) > 1) await partitionEvents(dataSource, counts[name] ?? 1);
    }
    return comparison(
      'If events were partitioned by position',
      oneTable,
      await measureUpdates(run, opened, ROWS),
      [
        `${ROWS.toLocaleString('en')} streams, whose first events are spread over all partitions but the last.`,
      ],
    );
  });
}
