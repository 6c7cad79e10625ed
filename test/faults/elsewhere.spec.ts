import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fold, read } from '../integration/elsewhere/counts.js';
import { eventually, type Ledger, openLedger } from '../integration/outbox/ledger.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';
import { mariaDbTargets } from '../targets/mariadb-targets.js';
import { postgresTargets } from '../targets/postgres-targets.js';
import type { Target } from '../targets/target.js';
import type { ProjectingProcess } from './elsewhere-process.js';

const seed = seedOfRun();
const accounts = 20;
const servers = [postgresTargets(), mariaDbTargets('killed projections in MariaDB')].filter(
  ({ available }) => available,
);

describe(`projections in other databases, with processes and connections killed, seed ${seed}`, () => {
  let ledger: Ledger;
  let targets: Record<string, Target>;
  let processes: ChildProcess[];

  beforeAll(async () => {
    for (const server of servers) await server.start();
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
  });

  beforeEach(async () => {
    processes = [];
    targets = {};
    ledger = await openLedger({ consumers: { pollMs: 50 } });
    for (let id = 0; id < accounts; id++) await ledger.open(id);
    for (const server of servers)
      for (const way of ['single', 'batches']) targets[`${server.kind}-${way}`] = await server.open();
  });

  afterEach(async () => {
    for (const child of processes) await kill(child);
    await ledger.close();
    for (const target of Object.values(targets)) await target.close();
  });

  async function start(failing: number): Promise<ChildProcess> {
    const given: ProjectingProcess = {
      url: ledger.url,
      leaseMs: 1000,
      failing,
      targets: Object.fromEntries(
        Object.entries(targets).map(([name, { kind, options }]) => [name, { kind, options }]),
      ),
    };
    const child = spawn(
      process.execPath,
      [
        '-r',
        join(__dirname, '../typescript-process.cjs'),
        join(__dirname, 'elsewhere-process.ts'),
        JSON.stringify(given),
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    processes.push(child);
    await Promise.race([
      once(child.stdout as NodeJS.ReadableStream, 'data'),
      once(child, 'exit').then(() => Promise.reject(new Error('the process ended before it was ready'))),
    ]);
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async function write(random: Random): Promise<void> {
    await ledger.dataSource
      .transaction(async (manager) => {
        const ids = [
          ...new Set(Array.from({ length: random.integer(1, 4) }, () => random.integer(0, accounts - 1))),
        ];
        for (const id of ids.sort((a, b) => a - b))
          await manager.query('update account set balance = $2 where id = $1', [
            id,
            random.integer(0, 1_000_000),
          ]);
        if (random.chance(0.1)) throw new Error('rolled back');
      })
      .catch((error: unknown) => {
        if ((error as Error).message !== 'rolled back') throw error;
      });
  }

  it('have each event once, and are equal when they are built anew', async () => {
    const random = seededRandom(seed);
    const { consumers } = ledger.backstory;
    const faults = { killed: 0, stopped: 0, inLog: 0, inTargets: 0 };
    const names = Object.keys(targets);
    let workers = [await start(200), await start(200)];
    let on = true;
    const writing = [1, 2, 3].map(async (writer) => {
      const own = seededRandom(seed + writer);
      while (on) {
        await write(own);
        await sleep(own.integer(0, 10));
      }
    });
    for (let round = 0; round < 8 || Object.values(faults).some((times) => times === 0); round++) {
      await sleep(random.integer(100, 500));
      const [worker] = workers as [ChildProcess];
      if (round % 4 === 0) {
        await kill(worker);
        faults.killed++;
        workers = [...workers.slice(1), await start(200)];
      } else if (round % 4 === 1) {
        // until its leases are long gone
        worker.kill('SIGSTOP');
        await sleep(1500);
        worker.kill('SIGCONT');
        faults.stopped++;
      } else if (round % 4 === 2) {
        const ended: unknown[] = await ledger.dataSource.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where application_name = 'projecting process' and datname = current_database() and random() < 0.5`,
        );
        faults.inLog += ended.length;
      } else for (const target of Object.values(targets)) faults.inTargets += await target.terminate(0.5);
      // in the middle of it all
      if (round === 4) for (const name of names) await consumers.rebuild(name);
    }
    on = false;
    await Promise.all(writing);
    for (const worker of workers) await kill(worker);
    await start(0);
    const settled = async (): Promise<void> => {
      for (const name of names) await consumers.wait(name, undefined, { timeoutMs: 200_000 });
    };
    const retried = async (): Promise<void> => {
      const stuck = new Set(
        (await consumers.list()).flatMap(({ name, parked }) => (parked > 0 ? [name] : [])),
      );
      // a generation may be replaced by the next one meanwhile
      for (const name of stuck) await consumers.retryParked(name).catch(() => undefined);
      await eventually(
        'nothing to be parked',
        async () => (await consumers.list()).every(({ parked }) => parked === 0),
        200_000,
      );
    };
    await settled();
    await retried();
    for (const name of names) await eventually(`${name} to be built`, () => consumers.rebuilt(name), 200_000);
    await settled();
    const wanted = await fold(ledger);
    for (const name of names)
      expect({ name, counts: await read(targets[name] as Target) }).toEqual({ name, counts: wanted });
    for (const name of names) await consumers.rebuild(name);
    for (const name of names)
      await eventually(`${name} to be built anew`, () => consumers.rebuilt(name), 200_000);
    for (const name of names)
      expect({ name, counts: await read(targets[name] as Target) }).toEqual({ name, counts: wanted });
    expect(Object.entries(faults).filter(([, times]) => times === 0)).toEqual([]);
  }, 900_000);
});
