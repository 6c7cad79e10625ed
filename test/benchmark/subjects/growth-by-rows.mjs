import { comparison } from '../harness/comparison.mjs';
import { timed } from '../harness/interleave.mjs';
import { memoryDuring } from '../harness/memory.mjs';
import { hashOfRows } from './article.mjs';
import { drain } from './drain.mjs';
import { forgetFirstEvents, insertFirstEvents } from './first-events.mjs';
import { readInPages } from './pages.mjs';
import { openSubject } from './subject.mjs';

const ROUNDS = 3;

/**
 * Backfill, verify and delivery at 10^4 rows, 10^5 and so on, each against its floor; and the memory that the largest takes.
 * @param {import('../harness/benchmark.mjs').Run} run
 */
export async function growthByRows(run) {
  const largest = Math.max(10_000, run.rounds(run.growth));
  const measurements = [];
  /** @type {{ work: string, curve: number[] }[]} */
  let curves = [];
  let rows = 0;
  for (const size of [10_000, 100_000, 1_000_000, 10_000_000].filter((candidate) => candidate <= largest)) {
    rows = size;
    run.progress(`${size} rows`);
    const subject = await openSubject(run.serverUrl, 'backstory', { recordedBy: 'backstory', rows });
    try {
      const works = worksOf(subject);
      /** @type {Map<string, number[]>} */
      const samples = new Map();
      // The largest takes long enough for its first round to say it.
      for (let round = 0; round < (size < 1_000_000 ? ROUNDS : 1); round++) {
        curves = [];
        for (const [name, { prepare, floor, own }] of Object.entries(works)) {
          run.progress(`${size} rows, ${name}, round ${round}`);
          await prepare();
          push(samples, `${name} floor`, await timed(floor));
          await prepare();
          const curve = await memoryDuring(async () => push(samples, name, await timed(own)));
          curves.push({ work: name, curve });
        }
      }
      for (const name of Object.keys(works)) {
        const operation = `${name} of ${size.toLocaleString('en')}`;
        measurements.push(
          { operation, variant: 'floor', samples: samples.get(`${name} floor`) ?? [], perSecond: size },
          { operation, variant: 'backstory', samples: samples.get(name) ?? [], perSecond: size },
        );
      }
    } finally {
      await subject.close();
    }
  }
  const notes = [
    'Floors: of the backfill one `INSERT … SELECT`, of verify a hash of every row, of delivery bare pages of 1000 events.',
    'The goal is that the ratio stays the same from one size to the next.',
  ];
  return { sections: [comparison('By the number of rows', 'floor', measurements, notes)], curves, rows };
}

/**
 * @param {import('./subject.mjs').Subject} subject
 * @returns {Record<string, { prepare: () => Promise<unknown>, floor: () => Promise<unknown>, own: () => Promise<unknown> }>}
 */
function worksOf(subject) {
  const { dataSource, backstory, tidy } = subject;
  if (!backstory) throw new Error('Nothing to measure.');
  return {
    'backfill()': {
      prepare: async () => {
        await dataSource.query('create table if not exists bare (like backstory.events including all)');
        await forgetFirstEvents(dataSource);
        await tidy();
      },
      floor: () => dataSource.query(insertFirstEvents),
      own: () => backstory.backfill(),
    },
    'verify()': {
      prepare: tidy,
      floor: () => dataSource.query(hashOfRows),
      own: async () => {
        const { clean } = await backstory.verify();
        if (!clean) throw new Error('The events differ from the rows.');
      },
    },
    delivery: {
      prepare: tidy,
      floor: () => readInPages(dataSource, true),
      own: () => drain(subject),
    },
  };
}

/** @param {Map<string, number[]>} samples @param {string} name @param {number} ms */
function push(samples, name, ms) {
  samples.set(name, [...(samples.get(name) ?? []), ms]);
}
