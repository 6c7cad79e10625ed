import { comparison } from '../harness/comparison.mjs';
import { measureUpdates } from '../subjects/measure-updates.mjs';
import { numberEvents } from '../subjects/numbered-events.mjs';
import { withSubjects } from '../subjects/subject.mjs';

const ROWS = 20_000;
const plain = 'no event';

/** @type {import('../harness/benchmark.mjs').Benchmark} */
export default {
  description:
    'What it costs to give events their positions at commit, as those of aggregates with parts get them, instead of at write: ' +
    'docs/adr/0005. Both with triggers by hand that write a constant event, so that nothing but the numbering differs.',
  measure: async (run) => [await numbering(run)],
};

/** @param {import('../harness/benchmark.mjs').Run} run @returns {Promise<import('../harness/benchmark.mjs').Section>} */
async function numbering(run) {
  const events = /** @type {const} */ ({ recordedBy: 'backstory', rows: ROWS });
  return withSubjects(
    run.serverUrl,
    {
      [plain]: { recordedBy: 'nothing', rows: ROWS },
      'event, numbered at write': events,
      'event, numbered at write, again': events,
      'event, numbered at commit': events,
    },
    async (opened) => {
      for (const { name, dataSource } of opened) {
        if (name !== plain)
          await numberEvents(dataSource, name.endsWith('commit') ? 'at commit' : 'at write');
      }
      return comparison(
        'Events numbered at write and at commit',
        plain,
        await measureUpdates(run, opened, ROWS),
        ['At commit: written into a table of pending events, then moved, under locks taken in order.'],
      );
    },
  );
}
