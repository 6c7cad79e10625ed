import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
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
    /** @type {Record<string, (subject: import('../subjects/subject.mjs').Subject, round: number) => Promise<number[]>>} */
    const operations = {
      'UPDATE of 1 row': async ({ dataSource }) => {
        const times = [];
        for (let n = 0; n < 100; n++) {
          const id = 1 + Math.floor(run.random() * ROWS);
          times.push(
            await timed(() => dataSource.query('update article set stock = stock + 1 where id = $1', [id])),
          );
        }
        return times;
      },
      'UPDATE of 1000 rows': async ({ dataSource }, round) => [
        await timed(() =>
          dataSource.query('update article set stock = stock + 1 where id % 20 = $1', [round % 20]),
        ),
      ],
    };
    const measurements = [];
    for (const [operation, work] of Object.entries(operations)) {
      const samples = await interleave({
        variants: opened,
        rounds: run.rounds(15),
        random: run.random,
        turn: (subject, round) => {
          run.progress(`${operation}, ${subject.name}, round ${round}`);
          return work(subject, round);
        },
      });
      for (const subject of opened) {
        measurements.push({ operation, variant: subject.name, samples: samples.get(subject) ?? [] });
      }
    }
    return comparison('If events were partitioned by position', oneTable, measurements, [
      `${ROWS.toLocaleString('en')} streams, whose first events are spread over all partitions but the last.`,
    ]);
  });
}
