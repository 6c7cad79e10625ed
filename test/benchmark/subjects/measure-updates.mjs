import { interleave, timed } from '../harness/interleave.mjs';

/** @typedef {import('./subject.mjs').Subject} Subject */

/**
 * An UPDATE of one row and one of a thousand, on their own and in SQL, for each subject in turn: of what capture costs there
 * is nothing but the triggers beside it.
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {Subject[]} subjects
 * @param {number} rows in the table
 */
export async function measureUpdates(run, subjects, rows) {
  /** @type {Record<string, (subject: Subject, round: number) => Promise<number[]>>} */
  const operations = {
    'UPDATE of 1 row': async ({ dataSource }) => {
      const times = [];
      for (let n = 0; n < 100; n++) {
        const id = 1 + Math.floor(run.random() * rows);
        times.push(
          await timed(() => dataSource.query('update article set stock = stock + 1 where id = $1', [id])),
        );
      }
      return times;
    },
    'UPDATE of 1000 rows': async ({ dataSource }, round) => {
      const share = rows / 1_000;
      return [
        await timed(() =>
          dataSource.query('update article set stock = stock + 1 where id % $2 = $1', [round % share, share]),
        ),
      ];
    },
  };
  const measurements = [];
  for (const [operation, work] of Object.entries(operations)) {
    const samples = await interleave({
      variants: subjects,
      rounds: run.rounds(15),
      random: run.random,
      turn: (subject, round) => {
        run.progress(`${operation}, ${subject.name}, round ${round}`);
        return work(subject, round);
      },
    });
    for (const subject of subjects) {
      measurements.push({ operation, variant: subject.name, samples: samples.get(subject) ?? [] });
    }
  }
  return measurements;
}
