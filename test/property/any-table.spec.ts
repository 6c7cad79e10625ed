import fc from 'fast-check';
import { seedOfRun } from '../library/random.js';
import { anyTrial } from './any-table/any-shape.js';
import { type Log, runTrial, type Sides, type Tally } from './any-table/run-trial.js';
import { closeSide, openSide } from './any-table/twin-databases.js';

const asked = process.env['BACKSTORY_ANY_TABLE_SECONDS'];
const seconds = Number(asked ?? 30);
/** Without a word the same shapes each time, and so many: what is found by chance is nothing that the change at hand has done. */
const isSearch = asked !== undefined || process.env['BACKSTORY_SEED'] !== undefined;
const seed = isSearch ? seedOfRun() : 1;
const turns = isSearch ? Infinity : 6;
/** Where the smallest case of a failure is, in the words of fast-check. */
const path = process.env['BACKSTORY_ANY_TABLE_PATH'];
const trialsInTurn = 10;

describe(`any table, seed ${seed}`, () => {
  let sides: Sides;

  beforeAll(async () => {
    sides = { plain: await openSide(), captured: await openSide() };
  });

  afterAll(async () => {
    await closeSide(sides.plain);
    await closeSide(sides.captured);
  });

  it(
    'tells all that is written to it, costs the application nothing, and replays',
    async () => {
      const tally: Tally = {};
      const end = Date.now() + seconds * 1000;
      for (let turn = seed; turn === seed || (Date.now() < end && turn < seed + turns && !path); turn++) {
        const failures: Log[] = [];
        let running: Promise<unknown> = Promise.resolve();
        const trial = fc.asyncProperty(anyTrial, async (each) => {
          const log: Log = [];
          const work = runTrial(each, sides, tally, log).catch((error: unknown) => {
            failures.push(log);
            throw error;
          });
          running = work.catch(() => undefined);
          await work;
        });
        const { failed, counterexamplePath, numRuns, errorInstance } = await fc.check(trial, {
          seed: turn,
          numRuns: trialsInTurn,
          // also how long it may take to make a failure smaller
          interruptAfterTimeLimit: 90_000,
          markInterruptAsFailure: false,
          ...(path && { path, endOnFailure: true }),
        });
        await running;
        if (!failed) continue;
        const again = `BACKSTORY_SEED=${turn} BACKSTORY_ANY_TABLE_PATH=${counterexamplePath} npx jest --selectProjects integration --testPathPatterns property/any-table`;
        const before = `${(turn - seed) * trialsInTurn + numRuns} trials`;
        throw new Error(
          [
            `After ${before}. To see it again: ${again}`,
            ...(failures.at(-1) ?? []),
            String(errorInstance),
          ].join('\n'),
        );
      }
      if (process.env['BACKSTORY_ANY_TABLE_SECONDS']) console.log(tally);
      if (!path) expect(tally['tried']).toBeGreaterThan(3);
    },
    seconds * 1000 + 250_000,
  );
});
