import { comparison } from '../harness/comparison.mjs';
import { interleave, timed } from '../harness/interleave.mjs';
import { startBrokers } from '../subjects/brokers.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const EVENTS = 20_000;
const floor = 'client alone';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    `A relay publishes ${EVENTS.toLocaleString('en')} events, each of a stream of its own, to a broker on the same machine, with 100 ` +
    'on their way at a time. Beside it the same bodies, ready-made in memory and published by the client of the broker alone, ' +
    'as persistent and confirmed, as many at a time.',
  measure: async (run) => {
    const rows = run.rounds(EVENTS);
    const brokers = await startBrokers();
    try {
      return await withSubjects(
        run.serverUrl,
        { subject: { recordedBy: 'backstory', rows, connections: 2 } },
        async ([subject]) => {
          if (!subject?.backstory) throw new Error('Nothing to measure.');
          const { consumers } = subject.backstory;
          const events = await subject.dataSource.query('select data::text as body from backstory.events');
          const bodies = events.map((/** @type {{ body: string }} */ { body }) => body);
          let numbered = 0;
          /** @param {import('../subjects/brokers.mjs').Broker} broker */
          const throughRelay = async ({ publisher }) => {
            const name = `broker${numbered++}`;
            const from = /** @type {const} */ ('beginning');
            consumers.relay({ name, from, includeBackfill: true, batchSize: 1000, publisher });
            const time = await timed(async () => {
              await consumers.start();
              await consumers.wait(name, undefined, { timeoutMs: 600_000 });
            });
            await consumers.stop();
            consumers.forget(name);
            return time;
          };
          const measurements = [];
          for (const broker of brokers) {
            const samples = await interleave({
              variants: [floor, 'relay'],
              rounds: 3,
              warmUp: 1,
              random: run.random,
              turn: async (variant, round) => {
                run.progress(`${broker.name}, ${variant}, round ${round}`);
                const time =
                  variant === floor
                    ? await timed(() => broker.publishBare(bodies))
                    : await throughRelay(broker);
                const arrived = await broker.empty();
                if (arrived !== rows) throw new Error(`${broker.name}: ${arrived} of ${rows} arrived.`);
                return [time];
              },
            });
            for (const [variant, times] of samples)
              measurements.push({ operation: broker.name, variant, samples: times, perSecond: rows });
          }
          return [comparison('Published and confirmed', floor, measurements)];
        },
      );
    } finally {
      for (const broker of brokers) await broker.close();
    }
  },
};
