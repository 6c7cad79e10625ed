import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { statementProfile } from '../harness/statement-profile.mjs';
import { forgetFirstEvents, insertFirstEvents } from '../subjects/first-events.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const ROWS = 200_000;
const floor = 'INSERT … SELECT';
/** What nobody can do without who writes while the application writes. */
const locking = 'the same, with the rows locked and ON CONFLICT';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `First events of ${ROWS.toLocaleString('en')} rows by \`backstory.backfill()\`, against one bare ` +
    '`INSERT … SELECT to_json(t)` into an equal table with equal indexes; and what the application notices of it.',
  measure: (run) => {
    const rows = run.rounds(ROWS);
    return withSubjects(
      run.serverUrl,
      { subject: { recordedBy: 'backstory', rows, connections: 6 } },
      async ([subject]) => {
        if (!subject?.backstory) throw new Error('Nothing to measure.');
        const { dataSource, backstory, tidy } = subject;
        await dataSource.query('create table bare (like backstory.events including all)');
        const variants = [floor, `${floor} again`, locking, 'backfill()', 'backfill(), chunks of 10 000'];
        const samples = await interleave({
          variants,
          rounds: 3,
          warmUp: 1,
          random: run.random,
          turn: async (variant, round) => {
            run.progress(`${variant}, round ${round}`);
            await forgetFirstEvents(dataSource);
            await tidy();
            if (variant.startsWith(floor)) return [await timed(() => dataSource.query(insertFirstEvents))];
            if (variant === locking) return [await timed(() => dataSource.query(lockingInsert))];
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
        return [
          comparison('Backfill', floor, measurements, [
            'rows per second, as a share of those of the bare statement: the goal is 0.6 or more',
          ]),
          await latency(run, subject),
        ];
      },
    );
  },
  profile: (run) => {
    const rows = run.rounds(100_000);
    const subjects = /** @type {const} */ ({ subject: { recordedBy: 'backstory', rows, connections: 2 } });
    return withSubjects(run.serverUrl, subjects, async ([subject]) => {
      if (!subject?.backstory) throw new Error('Nothing to profile.');
      const { dataSource, backstory, tidy } = subject;
      await dataSource.query('create table bare (like backstory.events including all)');
      const anew = async () => {
        await forgetFirstEvents(dataSource);
        await tidy();
      };
      const titled = (/** @type {string} */ what) => `${what}, ${rows.toLocaleString('en')} rows`;
      /** @type {[title: string, work: () => Promise<unknown>][]} */
      const works = [
        ['INSERT … SELECT', () => dataSource.query(insertFirstEvents)],
        ['the same, with the rows locked', () => dataSource.query(lockedRows)],
        ['the same, with the rows locked and ON CONFLICT', () => dataSource.query(lockingInsert)],
        ['backfill()', () => backstory.backfill()],
      ];
      const parts = [];
      for (const [title, work] of works) {
        for (const warmUp of [true, false]) {
          await anew();
          const part = await statementProfile(dataSource, titled(title), work);
          if (!warmUp) parts.push(part);
        }
      }
      return parts.join('\n');
    });
  },
};

/**
 * How long the application's writes take: one by one, from several connections, each with a pause between two.
 * @param {import('../harness/benchmark.mjs').Run} run
 * @param {import('../subjects/subject.mjs').Subject} subject
 */
async function latency(run, { dataSource, backstory, tidy }) {
  if (!backstory) throw new Error('Nothing to measure.');
  const rows = run.rounds(ROWS);
  /** @type {Map<string, number[]>} */
  const samples = new Map([
    ['before', []],
    [`during ${floor}`, []],
    ['during backfill()', []],
  ]);
  for (let round = 0; round < 3; round++) {
    run.progress(`latency, round ${round}`);
    await forgetFirstEvents(dataSource);
    await tidy();
    const write = () =>
      timed(() =>
        dataSource.query('update article set stock = $1 where id = $2', [
          round,
          1 + Math.floor(run.random() * rows),
        ]),
      );
    samples
      .get('before')
      ?.push(...(await writers(write, () => new Promise((resolve) => setTimeout(resolve, 3000)))));
    await forgetFirstEvents(dataSource);
    await tidy();
    samples
      .get(`during ${floor}`)
      ?.push(...(await writers(write, () => dataSource.query(insertFirstEvents))));
    await forgetFirstEvents(dataSource);
    await tidy();
    samples.get('during backfill()')?.push(...(await writers(write, () => backstory.backfill())));
  }
  const p99 = [...samples].map(([variant, times]) => ({
    operation: 'update, p99',
    variant,
    samples: [percentile99(times)],
  }));
  const all = [...samples].map(([variant, times]) => ({ operation: 'update', variant, samples: times }));
  return comparison('What the application notices', 'before', [
    ...all,
    ...p99.map((measurement) => ({ ...measurement, goal: 1.5 })),
  ]);
}

/**
 * Writes from four connections for as long as `meanwhile` takes.
 * @param {() => Promise<number>} write
 * @param {() => Promise<unknown>} meanwhile
 */
async function writers(write, meanwhile) {
  let on = true;
  /** @type {number[]} */
  const times = [];
  const writing = Array.from({ length: 4 }, async () => {
    while (on) {
      times.push(await write());
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  await meanwhile();
  on = false;
  await Promise.all(writing);
  return times;
}

/** @param {number[]} times */
function percentile99(times) {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.99)] ?? 0;
}

const lockedRows = insertFirstEvents.replace('article t', '(select * from article for no key update) t');
const lockingInsert = `${lockedRows}
  on conflict (category, stream_id, stream_position) do nothing`;
