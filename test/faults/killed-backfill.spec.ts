import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Backstory, createBackstory } from '@backstory/adapter';
import type { Library } from '../library/open-library.js';
import { seededRandom, seedOfRun } from '../library/random.js';
import { expectWholeHistory, openFilledLibrary, startWriters } from './live-library.js';

const seed = seedOfRun();
const kills = 50;
const rows = 20_000;

describe(`a backfill that is killed (SIGKILL) ${kills} times, seed ${seed}`, () => {
  let library: Library;
  let backstory: Backstory;

  beforeEach(async () => {
    library = await openFilledLibrary(rows);
    backstory = await createBackstory(library.dataSource);
  });

  afterEach(async () => {
    await backstory.close();
    await library.close();
  });

  /** Loads the application, and then waits for a word on its stdin, so that the next one is ready when this one dies. */
  const start = (options: object): ChildProcess =>
    spawn(
      process.execPath,
      [
        '-r',
        join(__dirname, '../typescript-process.cjs'),
        join(__dirname, 'backfill-process.ts'),
        library.url,
        JSON.stringify(options),
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );

  it('goes on each time, and gives every row one first event while eight writers write', async () => {
    const random = seededRandom(seed);
    const before = await library.dataSource.query(`select id::text from author`);
    const next = () =>
      start({ chunkSize: random.integer(20, 300), parallel: random.integer(1, 3), targetMs: 20 });
    const stopWriters = startWriters(library.dataSource, seed + 100);
    let [child, following] = [next(), next()];
    let inTheMiddle = 0;
    try {
      for (let kill = 0; kill < kills; kill++) {
        if (child.stdout?.readableLength === 0) await once(child.stdout, 'readable');
        const ended = once(child, 'exit');
        child.stdin?.write('go\n');
        const finished = await Promise.race([
          ended.then(() => true),
          sleep(random.integer(1, 60)).then(() => false),
        ]);
        if (!finished) {
          inTheMiddle++;
          child.kill('SIGKILL');
          await ended;
        }
        [child, following] = [following, next()];
      }
    } finally {
      for (const left of [child, following]) {
        const ended = once(left, 'exit');
        left.kill('SIGKILL');
        await ended;
      }
      await stopWriters();
    }
    expect(inTheMiddle).toBeGreaterThan(kills / 2);
    const reports = await backstory.backfill();
    expect(reports.every(({ completed }) => completed)).toBe(true);
    await expectWholeHistory(library.dataSource, backstory);
    // independently: each row from before has one first event, from the backfill or from the write that met it
    const ids = before.map(({ id }: { id: string }) => id);
    expect(
      await library.dataSource.query(
        `select i.id from unnest($1::text[]) i (id) left join backstory.events v
           on v.category = 'author' and v.stream_id = i.id and v.metadata ->> 'origin' = 'backfill'
         group by 1 having count(v.*) <> 1`,
        [ids],
      ),
    ).toEqual([]);
  }, 180_000);
});
