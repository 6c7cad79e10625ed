import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { hashOfRows } from '../subjects/article.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const ROWS = 200_000;
const floor = 'hash of the rows';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `\`backstory.verify()\` of ${ROWS.toLocaleString('en')} rows, a third of which were updated since, against ` +
    'reading and hashing the rows: `SELECT count(*), sum(hashtextextended(t::text, 0))`.',
  measure: (run) => {
    const rows = run.rounds(ROWS);
    return withSubjects(run.serverUrl, { subject: { recordedBy: 'backstory', rows } }, async ([subject]) => {
      if (!subject?.backstory) throw new Error('Nothing to measure.');
      const { dataSource, backstory, tidy } = subject;
      await dataSource.query('update article set stock = stock + 1 where id % 3 = 0');
      await tidy();
      /** @type {Record<string, () => Promise<unknown>>} */
      const work = {
        [floor]: () => dataSource.query(hashOfRows),
        [`${floor} again`]: () => dataSource.query(hashOfRows),
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
          run.progress(`${variant}, round ${round}`);
          return [await timed(work[variant] ?? (async () => {}))];
        },
      });
      const measurements = variants.map((variant) => ({
        operation: `verify ${rows.toLocaleString('en')} rows`,
        variant,
        samples: samples.get(variant) ?? [],
        perSecond: rows,
      }));
      return [comparison('Verify', floor, measurements)];
    });
  },
};
