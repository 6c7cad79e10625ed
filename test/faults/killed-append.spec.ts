import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appendRandomly, Appended, expectEachOnce } from '../integration/appending/append-randomly.js';
import { type Depot, expectSound, openDepot } from '../integration/appending/parcels.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();

describe(`appends that are cut off, seed ${seed}`, () => {
  let depot: Depot;

  beforeEach(async () => {
    depot = await openDepot({}, { poolSize: 12 });
  });

  afterEach(() => depot.close());

  it('by the end of their process (SIGKILL): what it has seen committed is there once', async () => {
    const random = seededRandom(seed);
    const seen = new Appended();
    for (let round = 0; round < 3; round++) {
      const child = start(seed + round, 1 + round * 1_000_000);
      let told = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (told += text));
      while (!told.includes('ready')) await sleep(20);
      await sleep(random.integer(300, 900));
      child.kill('SIGKILL');
      await once(child, 'close');
      await othersGone();
      // a last line may have been cut
      const lines = told.slice(0, told.lastIndexOf('\n')).split('\n').slice(1);
      for (const number of lines.flatMap((line) => line.split(' ').filter(Boolean).map(Number)))
        seen.committed.add(number);
      await expectEachOnce(depot, seen);
    }
    expect(seen.committed.size).toBeGreaterThan(0);
    await expectSound(depot);
  });

  it('by the end of their connections: committed or not, once or not at all', async () => {
    // one for each writer, with numbers of its own
    const writers = Array.from({ length: 4 }, (_, writer) => new Appended(1 + writer * 1_000_000));
    let cut = 0;
    let isOver = false;
    const cutting = (async () => {
      const random = seededRandom(seed + 100);
      while (!isOver) {
        await sleep(random.integer(5, 40));
        const [{ ended }] = await depot.dataSource.query(
          `select count(*) filter (where pg_terminate_backend(pid))::int as ended from (
             select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
             order by random() limit 1) p`,
        );
        cut += Number(ended);
      }
    })();
    await Promise.all(
      writers.map(async (appended, writer) => {
        const random = seededRandom(seed + writer);
        for (let turn = 0; turn < 40; turn++) {
          const before = new Set(appended.lost);
          await appendRandomly(depot, random, appended, false).catch((error: unknown) => {
            if (!isCut(error)) throw error;
            // cut off at its COMMIT, nobody knows: all of it, or nothing
            for (const number of appended.lost) if (!before.has(number)) appended.lost.delete(number);
          });
        }
      }),
    );
    isOver = true;
    await cutting;
    await othersGone();
    for (const appended of writers) await expectEachOnce(depot, appended);
    expect(cut).toBeGreaterThan(0);
    await expectSound(depot);
  });

  function start(runSeed: number, first: number): ChildProcess {
    return spawn(
      process.execPath,
      [
        ...['-r', join(__dirname, '../typescript-process.cjs'), join(__dirname, 'appending-process.ts')],
        ...[depot.url, String(runSeed), String(first)],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
  }

  /** The server notices a lost client when it next talks to it. */
  async function othersGone(): Promise<void> {
    for (;;) {
      const others = await depot.dataSource.query(
        `select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'`,
      );
      if (others.length === 0) return;
      await sleep(20);
    }
  }
});

function isCut(error: unknown): boolean {
  const { code, message, driverError } = error as Error & { code?: string; driverError?: Error };
  return (
    code === '57P01' ||
    /terminat|not queryable|closed|released|ECONNRESET|EPIPE/i.test(
      `${message} ${driverError?.message ?? ''}`,
    )
  );
}
