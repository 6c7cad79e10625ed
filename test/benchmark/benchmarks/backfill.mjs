import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const ROWS = 300_000;
const floor = 'INSERT … SELECT';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `First events of ${ROWS.toLocaleString('en')} rows by \`backstory.backfill()\`, against one bare ` +
    '`INSERT … SELECT to_jsonb(t)` into an equal table with equal indexes.',
  measure: (run) => {
    const rows = run.rounds(ROWS);
    return withSubjects(run.serverUrl, { subject: { recordedBy: 'backstory', rows } }, async ([subject]) => {
      if (!subject?.backstory) throw new Error('Nothing to measure.');
      const { dataSource, backstory, tidy } = subject;
      await dataSource.query('create table bare (like backstory.events including all)');
      const variants = [floor, `${floor} again`, 'backfill()', 'backfill(), chunks of 10 000'];
      const samples = await interleave({
        variants,
        rounds: 5,
        warmUp: 1,
        random: run.random,
        turn: async (variant, round) => {
          run.progress(`${variant}, round ${round}`);
          await forget(dataSource);
          await tidy();
          if (variant.startsWith(floor)) return [await timed(() => dataSource.query(insertSelect))];
          const chunkSize = variant.includes('10 000') ? 10_000 : undefined;
          return [await timed(() => backstory.backfill(chunkSize ? { chunkSize } : {}))];
        },
      });
      const measurements = variants.map((variant) => ({
        operation: `first events of ${rows.toLocaleString('en')} rows`,
        variant,
        samples: samples.get(variant) ?? [],
        perSecond: rows,
      }));
      return [comparison('Backfill', floor, measurements)];
    });
  },
};

const insertSelect = `
  insert into bare (category, stream_id, stream_position, change, type, data, metadata)
  select 'article', id::text, 1, 'c', 'ArticleCreated', to_jsonb(t), '{"origin":"backfill"}' from article t`;

/**
 * As before the first backfill. Events refuse to be deleted.
 * @param {import('typeorm').DataSource} dataSource
 */
async function forget(dataSource) {
  await dataSource.query(`
    truncate bare;
    alter table backstory.events disable trigger user;
    truncate backstory.events;
    alter table backstory.events enable trigger user;
    delete from backstory.backfills`);
}
