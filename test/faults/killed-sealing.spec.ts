import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SealDigest } from '@backstory/adapter';
import { eventually } from '../integration/outbox/ledger.js';
import { openSealedLedger, type SealedLedger } from '../integration/seals/sealed-ledger.js';
import { seededRandom, seedOfRun } from '../library/random.js';

const seed = seedOfRun();

describe(`a sealer that is killed, seed ${seed}`, () => {
  let ledger: SealedLedger;

  beforeEach(async () => {
    ledger = await openSealedLedger();
    for (let id = 1; id <= 5; id++) await ledger.open(id);
  });

  afterEach(() => ledger.close());

  async function start(): Promise<ChildProcess> {
    const child = spawn(
      process.execPath,
      [
        '-r',
        join(__dirname, '../typescript-process.cjs'),
        join(__dirname, 'seal-process.ts'),
        ledger.url,
        ledger.digest,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready'))),
    ]);
    return child;
  }

  const digests = (): SealDigest[] =>
    readFileSync(ledger.digest, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as SealDigest);

  it('leaves whole blocks, and no digest is left out (SIGKILL)', async () => {
    const random = seededRandom(seed);
    let killed = false;
    const writing = (async () => {
      while (!killed) {
        await ledger.pay(random.integer(1, 5));
        await sleep(random.integer(0, 4));
      }
    })();
    for (let round = 0; round < 4; round++) {
      const child = await start();
      await sleep(random.integer(50, 500));
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    killed = true;
    await writing;
    await ledger.seal();
    const report = await ledger.verify();
    expect(report).toMatchObject({ clean: true, unsealed: 0, events: await ledger.count() });
    expect([...new Set(digests().map(({ block }) => block))]).toEqual(
      Array.from({ length: report.blocks }, (_, index) => index + 1),
    );
  });

  it('goes on when its backend is terminated', async () => {
    const child = await start();
    for (let round = 0; round < 15; round++) {
      for (let n = 0; n < 5; n++) await ledger.pay(1 + n);
      await ledger.dataSource
        .query(
          `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and query like any (array['%seal%', '%event_commitments%', '%archived_events%'])`,
        )
        .catch(() => undefined);
      await sleep(20);
    }
    await eventually('everything is sealed and its digest written', async () => {
      const status = await ledger.backstory.seals.status().catch(() => null);
      return status?.to === status?.newest && status?.unpublished === 0;
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await ledger.verify()).toMatchObject({ clean: true, unsealed: 0, events: await ledger.count() });
  });

  it('a digest that could not be written, or was written in part, is written by the next run', async () => {
    const { backstory, digest } = ledger;
    let refuses = true;
    const written: number[] = [];
    const target = ({ block }: SealDigest): void => {
      if (refuses && block === 2) throw new Error('the bucket is away');
      written.push(block);
    };
    await expect(backstory.seals.seal({ digest: target, blockSize: 2 })).rejects.toMatchObject({
      code: 'DIGEST_NOT_WRITTEN',
      message: expect.stringMatching(/block 2 .*the bucket is away/) as string,
    });
    // all is sealed, and what is not outside is known
    expect(await backstory.seals.status()).toMatchObject({ blocks: 3, unpublished: 2 });
    expect(await backstory.doctor()).toMatchObject([{ severity: 'hint', problem: /2 blocks/ as never }]);
    refuses = false;
    await backstory.seals.seal({ digest: target });
    expect(written).toEqual([1, 2, 3]);
    await ledger.dataSource.query('update backstory.seal_blocks set published_at = null');
    await backstory.seals.seal({ digest });
    const whole = readFileSync(digest);
    truncateSync(digest, whole.length - 20);
    await ledger.dataSource.query('update backstory.seal_blocks set published_at = null');
    await backstory.seals.seal({ digest });
    expect(readFileSync(digest, 'utf8').trimEnd().split('\n')).toHaveLength(4);
    expect(await ledger.verify()).toMatchObject({ clean: true, digests: { compared: 3, to: '5' } });
    appendFileSync(digest, 'what is this?\nand this?\n');
    await expect(ledger.verify()).rejects.toMatchObject({ code: 'DIGEST_UNREADABLE' });
    writeFileSync(digest, whole);
    expect(await ledger.verify()).toMatchObject({ clean: true });
  });
});
