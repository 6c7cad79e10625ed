import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Carts, expectSoundCarts, openCarts } from '../integration/commands/carts.js';
import { countedInCart, expectEachOnceInCarts } from '../integration/commands/command-carts-randomly.js';
import { Counted } from '../integration/commands/command-randomly.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();
const writers = 4;
const never = 1_000_000;

describe(`commands on aggregates with parts whose process is killed, seed ${seed}`, () => {
  let carts: Carts;

  beforeEach(async () => {
    carts = await openCarts({ evolve: { CountedInCart: countedInCart } });
  });

  afterEach(() => carts.close());

  it('have each effect once when they are delivered again', async () => {
    const random = seededRandom(seed);
    const answered = Array.from({ length: writers }, () => 0);
    const deliver = async (last: number, end: (child: ChildProcess) => Promise<unknown>): Promise<void> => {
      const child = start(last, answered);
      let told = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => (told += text));
      const closed = once(child, 'close');
      while (!told.includes('ready') && child.exitCode === null) await sleep(20);
      await end(child);
      await closed;
      // a last line may have been cut
      const lines = told.slice(0, told.lastIndexOf('\n')).split('\n').slice(1);
      for (const [writer, number] of lines.map((line) => line.split(' ').map(Number)) as [number, number][])
        answered[writer] = number;
    };
    for (let round = 0; round < 5; round++)
      await deliver(never, async (child) => {
        await sleep(random.integer(50, 700));
        child.kill('SIGKILL');
      });
    expect(Math.max(...answered)).toBeGreaterThan(0);
    const last = Math.max(...answered) + 2;
    await deliver(last, () => Promise.resolve());
    expect(answered).toEqual(Array.from({ length: writers }, () => last));
    const counted = new Counted();
    for (let writer = 0; writer < writers; writer++)
      for (let number = 1; number <= last; number++)
        counted.committed.set(writer * 1_000_000 + number, 1 + (number % 3));
    await expectEachOnceInCarts(carts, counted);
    await expectSoundCarts(carts);
  });

  function start(last: number, answered: readonly number[]): ChildProcess {
    return spawn(
      process.execPath,
      [
        ...['-r', join(__dirname, '../typescript-process.cjs'), join(__dirname, 'commanding-process.ts')],
        ...[carts.url, String(last), ...answered.map((number) => String(number + 1))],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
  }
});
