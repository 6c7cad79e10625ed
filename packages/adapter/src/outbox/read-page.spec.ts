import fc from 'fast-check';
import type { SqlExecutor } from '../database/index.js';
import type { Checkpoint } from './checkpoint.js';
import { checkpointAt, readPage } from './read-page.js';

/** What is missing of 1…position, as a set. */
function missingOf({ gaps }: Checkpoint): Set<bigint> {
  const missing = new Set<bigint>();
  for (const { from, to } of gaps) for (let at = from; at <= to; at++) missing.add(at);
  return missing;
}

/** Answers as the events table would that has these positions, for an unfiltered page. */
function tableOf(present: ReadonlySet<bigint>, limit: number, { position, gaps }: Checkpoint): SqlExecutor {
  const wanted = [...present]
    .filter((at) => at > position || gaps.some(({ from, to }) => from <= at && at <= to))
    .sort((a, b) => (a < b ? -1 : 1))
    .slice(0, limit);
  const execute = (): Promise<never[]> =>
    Promise.resolve(wanted.map((at) => ({ global_position: String(at), change: 'c' })) as never[]);
  return { execute, executeText: execute };
}

describe('a checkpoint with gaps', () => {
  it('delivers everything that ever appears once, whatever the order of commits, page sizes and stops in a page', async () => {
    const step = fc.record({
      commits: fc.array(fc.integer({ min: 1, max: 40 })),
      limit: fc.integer({ min: 1, max: 9 }),
      handled: fc.nat(9),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const present = new Set<bigint>();
        const delivered: bigint[] = [];
        let checkpoint: Checkpoint = { position: 0n, gaps: [] };
        const read = async (limit: number, handled: number): Promise<number> => {
          const page = await readPage(tableOf(present, limit, checkpoint), 's', checkpoint, undefined, limit);
          const positions = page.events.map(({ globalPosition }) => BigInt(globalPosition));
          const count = Math.min(handled, positions.length);
          if (count < positions.length && count === 0) return 0;
          const to = count === positions.length ? page.scannedTo : (positions[count - 1] as bigint);
          delivered.push(...positions.slice(0, count));
          checkpoint = checkpointAt(checkpoint, page, to);
          const missing = missingOf(checkpoint);
          const seen = new Set(delivered);
          for (let at = 1n; at <= checkpoint.position; at++) expect(seen.has(at)).toBe(!missing.has(at));
          return count;
        };
        for (const { commits, limit, handled } of steps) {
          for (const at of commits) present.add(BigInt(at));
          await read(limit, handled);
        }
        while ((await read(5, 5)) > 0);
        expect([...delivered].sort((a, b) => (a < b ? -1 : 1))).toEqual(
          [...present].sort((a, b) => (a < b ? -1 : 1)),
        );
      }),
      { numRuns: 500 },
    );
  });
});
