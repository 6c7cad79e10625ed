import { seedOfRun } from '../library/random.js';
import { runSoak } from '../soak/run-soak.js';

const seed = seedOfRun();
/** Of a run by hand: how many releases, and for how many seconds each. */
const releases = Number(process.env['BACKSTORY_SOAK_RELEASES'] ?? 10);
const seconds = Number(process.env['BACKSTORY_SOAK_SECONDS'] ?? 0.5);

describe(`${releases} releases while old and new instances write, seed ${seed}`, () => {
  // The first is the measure: what fails there is the application's own, and told from anything else rightly.
  it.each([
    ['without Backstory: only statements fail that name what is gone', 'none'],
    ['capture: no other request fails, no value is lost, and verify is clean', 'capture'],
    ['replay: the same, and what is read is what was written', 'replay'],
  ] as const)(
    '%s',
    async (_name, stage) => {
      // A roll-out has about five steps between which instances serve.
      const report = await runSoak({ seed, stage, releases, stepMs: seconds * 200 });
      const { changes, requests, ownFailures, values, ...found } = report;
      const none = { faults: [], lost: [], doubled: [], wrong: [], clean: true };
      try {
        expect(found).toEqual(none);
        expect(requests).toBeGreaterThan(20 * releases);
        expect(ownFailures).toBeLessThan(requests / 2);
        expect(values).toBeGreaterThan(requests / 4);
      } catch (error) {
        const told = `seed ${seed}, ${requests} requests, ${ownFailures} of them the application's own failures`;
        throw new Error(`${told}\n${changes.join('\n')}\n${(error as Error).message}`, { cause: error });
      }
    },
    120_000 + releases * (seconds + 10) * 1_000,
  );
});
