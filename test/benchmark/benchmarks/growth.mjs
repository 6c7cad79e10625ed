import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { memorySection } from '../harness/memory.mjs';
import { growthByRows } from '../subjects/growth-by-rows.mjs';
import { openSubject, withSubjects } from '../subjects/subject.mjs';
import { drain } from '../subjects/drain.mjs';

const LENGTHS = [1, 10, 100, 1_000, 10_000, 100_000];
const WRITERS = [1, 2, 4, 8, 16];
const CONSUMERS = [1, 2, 4, 8];
const CONSUMED = 20_000;

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'How figures grow with the number of rows (`--growth` says how many at most), with the length of a stream, with the writers and with the consumers.',
  measure: async (run) => {
    const { sections, curves, rows } = await growthByRows(run);
    return [
      ...sections,
      memorySection(curves, `${rows.toLocaleString('en')} rows`),
      await byLength(run),
      await byWriters(run),
      await byConsumers(run),
    ];
  },
};

/** @param {import('../harness/benchmark.mjs').Run} run */
async function byLength(run) {
  const longest = run.rounds(LENGTHS.at(-1) ?? 1);
  const lengths = LENGTHS.filter((length) => length <= longest);
  const subject = await openSubject(run.serverUrl, 'backstory', { recordedBy: 'backstory', rows: 100 });
  const { dataSource, backstory, tidy } = subject;
  try {
    if (!backstory) throw new Error('Nothing to measure.');
    for (const [index, length] of lengths.entries()) {
      run.progress(`a stream of ${length}`);
      await dataSource.query(
        `do $$ begin for n in 2..${length} loop update article set stock = n where id = ${index + 1}; end loop; end $$`,
      );
    }
    await backstory.rebuildSnapshots();
    await tidy();
    /** @type {Record<string, (id: number) => Promise<unknown>>} */
    const operations = {
      'UPDATE of the row': (id) =>
        dataSource.query('update article set stock = stock + 1 where id = $1', [id]),
      'load(), with its snapshot': (id) => backstory.load('Article', `${id}`),
      'history()': (id) => backstory.history('article', `${id}`),
    };
    const measurements = [];
    for (const [operation, work] of Object.entries(operations)) {
      run.progress(operation);
      const samples = await interleave({
        variants: lengths,
        rounds: run.rounds(operation === 'history()' ? 10 : 60),
        random: run.random,
        turn: async (length) => [await timed(() => work(lengths.indexOf(length) + 1))],
      });
      for (const [length, times] of samples) {
        measurements.push({ operation, variant: streamOf(length), samples: times });
      }
    }
    return comparison('By the length of the stream', streamOf(1), measurements);
  } finally {
    await subject.close();
  }
}

/** @param {number} length */
function streamOf(length) {
  return length === 1 ? '1 event' : `${length.toLocaleString('en')} events`;
}

/** @param {import('../harness/benchmark.mjs').Run} run */
function byWriters(run) {
  const rows = 10_000;
  const connections = Math.max(...WRITERS);
  return withSubjects(
    run.serverUrl,
    {
      plain: { recordedBy: 'nothing', rows, connections },
      backstory: { recordedBy: 'backstory', rows, connections },
    },
    async (subjects) => {
      const measurements = [];
      for (const writers of WRITERS) {
        run.progress(`${writers} writers`);
        const samples = await interleave({
          variants: subjects,
          rounds: run.rounds(30),
          random: run.random,
          turn: async ({ dataSource }) => {
            const times = Array.from({ length: writers }, async (_, writer) => {
              const own = [];
              for (let n = 0; n < 5; n++) {
                const id = 1 + writer + connections * Math.floor(run.random() * (rows / connections - 1));
                own.push(
                  await timed(() =>
                    dataSource.query('update article set stock = stock + 1 where id = $1', [id]),
                  ),
                );
              }
              return own;
            });
            return (await Promise.all(times)).flat();
          },
        });
        for (const [{ name }, times] of samples) {
          const operation = `UPDATE of one row, ${writers} ${writers === 1 ? 'writer' : 'writers'}`;
          measurements.push({ operation, variant: name, samples: times, perSecond: writers });
        }
      }
      return comparison('By the number of writers', 'plain', measurements);
    },
  );
}

/** @param {import('../harness/benchmark.mjs').Run} run */
async function byConsumers(run) {
  const events = run.rounds(CONSUMED);
  const subject = await openSubject(run.serverUrl, 'backstory', {
    recordedBy: 'backstory',
    rows: events,
    connections: 16,
  });
  try {
    const samples = await interleave({
      variants: CONSUMERS,
      rounds: 3,
      warmUp: 1,
      random: run.random,
      turn: async (consumers, round) => {
        run.progress(`${consumers} consumers, round ${round}`);
        return [await timed(() => drain(subject, consumers))];
      },
    });
    const measurements = [...samples].map(([consumers, times]) => ({
      operation: `each ${events.toLocaleString('en')} events`,
      variant: consumersOf(consumers),
      samples: times,
      perSecond: events * consumers,
    }));
    return comparison('By the number of consumers in one process', consumersOf(1), measurements);
  } finally {
    await subject.close();
  }
}

/** @param {number} consumers */
function consumersOf(consumers) {
  return consumers === 1 ? '1 consumer' : `${consumers} consumers`;
}
