import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createBackstory } from '@backstory/adapter';
import { type Library, openLibrary } from '../library/open-library.js';
import { seededRandom, seedOfRun } from '../library/random.js';
import { writeRandomly } from '../library/write-randomly.js';

const seed = seedOfRun();

describe(`a process that is killed (SIGKILL), seed ${seed}`, () => {
  let library: Library;

  beforeEach(async () => {
    library = await openLibrary();
  });

  afterEach(async () => {
    await library.close();
  });

  function start(task: 'write' | 'backfill', runSeed: number): ChildProcess {
    return spawn(
      process.execPath,
      [
        '-r',
        join(__dirname, '../typescript-process.cjs'),
        join(__dirname, 'writer-process.ts'),
        library.url,
        String(runSeed),
        task,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
  }

  async function ready(child: ChildProcess): Promise<void> {
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready'))),
    ]);
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  /** The server notices a lost client when it next talks to it. */
  async function othersGone(): Promise<void> {
    for (;;) {
      const others = await library.dataSource.query(
        `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
      );
      if (others.length === 0) return;
      await sleep(20);
    }
  }

  it('in the middle of writes: rows and events are equal, with every kill', async () => {
    const random = seededRandom(seed);
    await writeRandomly(library.dataSource, random, 30);
    const first = await createBackstory(library.dataSource);
    await first.backfill();
    await first.close();
    for (let round = 0; round < 5; round++) {
      const child = start('write', seed + round * 10);
      await ready(child);
      await sleep(random.integer(0, 400));
      await kill(child);
      await othersGone();
      const backstory = await createBackstory(library.dataSource);
      const { aggregates } = await backstory.verify();
      expect(aggregates.flatMap(({ drift }) => drift)).toEqual([]);
      expect(aggregates.reduce((sum, { streams }) => sum + streams, 0)).toBeGreaterThan(0);
      await backstory.close();
    }
  });

  it('in the middle of a backfill: the next one goes on, and every row has exactly one first event', async () => {
    const random = seededRandom(seed + 1);
    await library.dataSource.query(
      `insert into author (name, version) select 'author ' || n, 1 from generate_series(1, 2000) n`,
    );
    let kills = 0;
    for (let finished = false; !finished;) {
      const child = start('backfill', seed);
      await ready(child);
      const done = once(child, 'exit').then(() => true);
      finished = await Promise.race([done, sleep(random.integer(0, 300)).then(() => false)]);
      if (!finished) {
        await kill(child);
        await library.dataSource.query(`update author set name = name || '!' where id = 1 + $1`, [
          random.integer(0, 2000),
        ]);
        kills++;
      }
      if (kills > 10) break;
    }
    await othersGone();
    const backstory = await createBackstory(library.dataSource);
    const [report] = await backstory.backfill({ aggregates: ['author'] });
    expect(report).toMatchObject({ category: 'author', completed: true });
    expect(await backstory.verify()).toMatchObject({ clean: true });
    expect(kills).toBeGreaterThan(0);
    expect(
      await library.dataSource.query(
        `select count(*)::int as firsts, count(distinct stream_id)::int as streams from backstory.events
         where category = 'author' and change = 'c'`,
      ),
    ).toEqual([{ firsts: 2000, streams: 2000 }]);
    await backstory.close();
  });
});
