import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bank, BankAccount, openBank } from '../bank/bank.js';
import { examineSnapshots, expectEveryVersion, witness } from '../bank/witness.js';
import { growing, writeAccounts } from '../bank/write-accounts.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();

describe(`a process that makes snapshots and is killed (SIGKILL), seed ${seed}`, () => {
  let bank: Bank;

  beforeEach(async () => {
    bank = await openBank([{ entity: BankAccount, snapshots: { every: 3 } }]);
    await witness(bank.dataSource);
    await bank.open(...growing);
    await bank.backstory.stages.set('bankAccount', 'replay', { force: true });
  });

  afterEach(() => bank.close());

  async function start(): Promise<ChildProcess> {
    const child = spawn(
      process.execPath,
      ['-r', join(__dirname, '../typescript-process.cjs'), join(__dirname, 'snapshots-process.ts'), bank.url],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready'))),
    ]);
    return child;
  }

  it('leaves whole snapshots or none, and every version is as it was', async () => {
    const random = seededRandom(seed);
    let killed = false;
    let transactions = 0;
    const writers = Promise.all(
      Array.from({ length: 3 }, async (_, writer) => {
        const own = seededRandom(seed + 1 + writer);
        // enough to be in the way, and not so many versions that comparing them takes for ever
        while (transactions < 100 || (!killed && transactions < 300)) {
          await writeAccounts(bank.dataSource, own);
          transactions++;
          await sleep(own.integer(0, 40));
        }
      }),
    );
    let left = 0;
    try {
      // one that leaves nothing is as good, but on a slow machine all of them might
      for (let round = 0; round < 3 || (left === 0 && round < 12); round++) {
        const child = await start();
        await sleep(random.integer(50, 400) * Math.max(1, round - 1));
        child.kill('SIGKILL');
        await once(child, 'exit');
        const { count, wrong } = await examineSnapshots(bank.dataSource);
        expect(wrong).toEqual([]);
        left += count;
      }
    } finally {
      killed = true;
      await writers;
    }
    expect(left).toBeGreaterThan(0);
    expect(await expectEveryVersion(bank.dataSource, bank.backstory)).toBeGreaterThan(100);
    await bank.backstory.snapshotsSettled();
    const [report] = await bank.backstory.rebuildSnapshots();
    expect(report?.taken).toBeGreaterThan(0);
    const { count, wrong } = await examineSnapshots(bank.dataSource);
    expect([count, wrong]).toEqual([report?.taken, []]);
    expect(await bank.backstory.verify()).toMatchObject({ clean: true });
  }, 180_000);
});
