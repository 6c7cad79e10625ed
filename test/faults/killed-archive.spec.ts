import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bank, BankAccount, openBank } from '../bank/bank.js';
import { expectEveryVersion, witness } from '../bank/witness.js';
import { growing, writeAccounts } from '../bank/write-accounts.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();

describe(`a process that archives events and is killed (SIGKILL), seed ${seed}`, () => {
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
      ['-r', join(__dirname, '../typescript-process.cjs'), join(__dirname, 'archive-process.ts'), bank.url],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready'))),
    ]);
    return child;
  }

  it('leaves each event in one table, and every version is as it was', async () => {
    const random = seededRandom(seed);
    let killed = false;
    let transactions = 0;
    const writers = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const own = seededRandom(seed + 1 + writer);
        // enough to be in the way, and not so many versions that comparing them takes for ever
        while (transactions < 150 || (!killed && transactions < 400)) {
          await writeAccounts(bank.dataSource, own);
          transactions++;
          await sleep(own.integer(0, 80));
        }
      }),
    );
    let archived = 0;
    try {
      // four times at least, and until it has got anywhere before it was killed
      for (let round = 0; round < 4 || archived === 0; round++) {
        const child = await start();
        await sleep(random.integer(50, 500));
        child.kill('SIGKILL');
        await once(child, 'exit');
        archived += await count('select count(*) from backstory.archived_events');
        expect(await faults()).toEqual([]);
      }
    } finally {
      killed = true;
      await writers;
    }
    expect(archived).toBeGreaterThan(0);
    expect(await bank.backstory.verify()).toMatchObject({ clean: true });
    expect(await expectEveryVersion(bank.dataSource, bank.backstory)).toBeGreaterThan(150);
    await bank.backstory.archive.restore();
    expect(
      await count(`select count(*) from backstory.events where metadata @> '{"origin":"archive"}'`),
    ).toBe(0);
    expect(await bank.backstory.verify()).toMatchObject({ clean: true });
    expect(await faults()).toEqual([]);
  }, 180_000);

  /** Streams with a position that is missing or there twice, in either table, but for that of a stand-in. */
  function faults(): Promise<unknown[]> {
    return bank.dataSource.query(
      `select category, stream_id from (
         select category, stream_id, stream_position from backstory.events where not metadata @> '{"origin":"archive"}'
         union all select category, stream_id, stream_position from backstory.archived_events
       ) e group by 1, 2 having count(*) <> max(stream_position) or count(distinct stream_position) <> count(*)`,
    );
  }

  async function count(query: string): Promise<number> {
    const [row] = await bank.dataSource.query<[{ count: string }]>(query);
    return Number(row.count);
  }
});
