import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { QueryRunner } from 'typeorm';
import { type Ledger, openLedger } from '../integration/outbox/ledger.js';
import { type Random, seededRandom, seedOfRun } from '../library/random.js';
import { hasPreparedTransactions } from '../library/prepared-transactions.js';

const seed = seedOfRun();
const accounts = 40;

interface Effect {
  consumer: string;
  stream: string;
  stream_position: number;
  global_position: string;
  process: string;
}

describe(`consumers in several processes, seed ${seed}`, () => {
  let ledger: Ledger;
  let processes: ChildProcess[];

  beforeEach(async () => {
    processes = [];
    ledger = await openLedger({ consumers: { pollMs: 50 } });
    await ledger.dataSource.query(
      `create table effects (id bigserial primary key, consumer text, category text, stream_id text, stream_position int, global_position bigint, process text);
       create table viewed (id bigserial primary key, category text, stream_id text, stream_position int, global_position bigint);
       create table viewed_in_batches (like viewed including all)`,
    );
    for (let id = 0; id < accounts; id++) await ledger.open(id);
  });

  afterEach(async () => {
    for (const child of processes) await kill(child);
    await ledger.dataSource.query(`rollback prepared 'backstory stress'`).catch(() => undefined);
    await ledger.close();
  });

  async function start(name: string, leaseMs: number): Promise<ChildProcess> {
    const child = spawn(
      process.execPath,
      [
        '-r',
        join(__dirname, '../typescript-process.cjs'),
        join(__dirname, 'consumer-process.ts'),
        ledger.url,
        name,
        String(leaseMs),
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

  /** One transaction of up to 50 ms, with savepoints and rollbacks, in the order of ids so that there are no deadlocks. */
  async function transaction(random: Random): Promise<void> {
    const runner = ledger.dataSource.createQueryRunner();
    await runner.startTransaction();
    try {
      const ids = [
        ...new Set(Array.from({ length: random.integer(1, 3) }, () => random.integer(0, accounts - 1))),
      ];
      for (const id of ids.sort((a, b) => a - b)) {
        await runner.query('update account set balance = balance + 1 where id = $1', [id]);
        if (random.chance(0.2)) {
          await runner.query('savepoint s');
          await runner.query('update account set balance = -1 where id = $1', [id]);
          await runner.query('rollback to s');
        }
        if (random.chance(0.2)) await runner.query(`insert into letter values (gen_random_uuid(), '')`);
        if (random.chance(0.5)) await sleep(random.integer(0, 20));
      }
      if (random.chance(0.1)) await runner.rollbackTransaction();
      else await runner.commitTransaction();
    } finally {
      await runner.release();
    }
  }

  async function write(milliseconds: number): Promise<void> {
    const end = Date.now() + milliseconds;
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        const random = seededRandom(seed + writer);
        while (Date.now() < end) await transaction(random);
      }),
    );
  }

  async function begin(...statements: string[]): Promise<QueryRunner> {
    const runner = ledger.dataSource.createQueryRunner();
    await runner.startTransaction();
    for (const statement of statements) await runner.query(statement);
    return runner;
  }

  /** An unrelated transaction, one that has written an event and, where the server has them, one that is prepared, open for some seconds. */
  async function holdTransactionsOpen(milliseconds: number): Promise<void> {
    const unrelated = await begin('create temp table mine (id int)', 'insert into mine values (1)');
    const writer = await begin(`insert into letter values ('late', '')`);
    const prepared = (await hasPreparedTransactions(ledger.dataSource))
      ? await begin(`insert into letter values ('prepared', '')`, `prepare transaction 'backstory stress'`)
      : undefined;
    await sleep(milliseconds);
    await writer.commitTransaction();
    await unrelated.rollbackTransaction();
    if (prepared) {
      await prepared.query('rollback');
      await ledger.dataSource.query(`commit prepared 'backstory stress'`);
    }
    for (const runner of [unrelated, writer, prepared]) await runner?.release();
  }

  async function settled(): Promise<void> {
    const position = await ledger.backstory.consumers.lastPosition();
    for (const name of ['every', 'letters', 'updates', 'view', 'view-in-batches']) {
      await ledger.backstory.consumers.wait(name, position, { timeoutMs: 60_000 });
    }
  }

  async function workersOf(consumer: string): Promise<number> {
    const partitions = (await ledger.backstory.consumers.list()).filter(({ name }) => name === consumer);
    return new Set(partitions.flatMap(({ worker }) => worker ?? [])).size;
  }

  const wanted: Record<string, string> = {
    every: 'true',
    letters: `category = 'letter'`,
    updates: `type = 'AccountUpdated'`,
  };

  /** Nothing lost, and the first delivery of every event in the order of its stream. @returns repeated ones */
  async function checkEffects(): Promise<Effect[]> {
    const repeated: Effect[] = [];
    for (const [consumer, condition] of Object.entries(wanted)) {
      const effects: Effect[] = await ledger.dataSource.query(
        `select consumer, category || '-' || stream_id as stream, stream_position, global_position, process from effects where consumer = $1 order by id`,
        [consumer],
      );
      const expected: { global_position: string }[] = await ledger.dataSource.query(
        `select global_position from backstory.events where ${condition} order by 1`,
      );
      const seen = new Set<string>();
      const last = new Map<string, number>();
      const disorder: Effect[] = [];
      for (const effect of effects) {
        if (seen.has(effect.global_position)) {
          repeated.push(effect);
          continue;
        }
        seen.add(effect.global_position);
        if (effect.stream_position <= (last.get(effect.stream) ?? 0)) disorder.push(effect);
        last.set(effect.stream, effect.stream_position);
      }
      const lost = expected.filter(({ global_position }) => !seen.has(global_position));
      expect({ consumer, lost, disorder }).toEqual({ consumer, lost: [], disorder: [] });
      expect(seen.size).toBe(expected.length);
      expect(expected.length).toBeGreaterThan(20);
    }
    return repeated;
  }

  /** A projection has every event exactly once, in the order of its stream. */
  async function checkProjections(): Promise<void> {
    for (const table of ['viewed', 'viewed_in_batches']) await checkProjection(table);
  }

  async function checkProjection(table: string): Promise<void> {
    const [found] = await ledger.dataSource.query(
      `select (select count(*)::int from backstory.events) as events, count(*)::int as viewed, count(distinct global_position)::int as different,
         (select count(*)::int from (
            select stream_position - lag(stream_position, 1, 0) over (partition by category, stream_id order by id) as step from ${table}) s
          where step <> 1) as disorder
       from ${table}`,
    );
    expect(found).toEqual({
      events: found.events,
      viewed: found.events,
      different: found.events,
      disorder: 0,
    });
  }

  it('undisturbed: nothing is lost, repeated or out of order, with four processes', async () => {
    // the default, which a process that gets no time of a busy machine doesn't lose: then a repetition is a fault
    for (const name of ['a', 'b', 'c', 'd']) await start(name, 15_000);
    const open = holdTransactionsOpen(3000);
    await write(4000);
    while ((await workersOf('every')) < 4) await write(500);
    await open;
    await settled();
    expect(await checkEffects()).toEqual([]);
    await checkProjections();
  }, 120_000);

  it('killed, stopped and cut off: nothing is lost or out of order, and projections repeat nothing', async () => {
    const random = seededRandom(seed);
    const workers = new Map<string, ChildProcess>();
    // so short that there are many changes of hands
    const leaseMs = 1000;
    for (const name of ['a', 'b', 'c', 'd']) workers.set(name, await start(name, leaseMs));
    const open = holdTransactionsOpen(4000);
    let on = true;
    const faults = { killed: 0, stopped: 0, terminated: 0 };
    const disturbing = (async () => {
      for (let round = 0; on; round++) {
        await sleep(random.integer(100, 400));
        const [name, child] = [...workers][random.integer(0, workers.size - 1)] as [string, ChildProcess];
        if (round % 3 === 0) {
          await kill(child);
          faults.killed++;
          workers.set(name, await start(`${name}'`, leaseMs));
        } else if (round % 3 === 1) {
          // until its leases are long gone
          child.kill('SIGSTOP');
          await sleep(1800);
          child.kill('SIGCONT');
          faults.stopped++;
        } else {
          const ended: unknown[] = await ledger.dataSource.query(
            `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'consumer process' and datname = current_database() and random() < 0.5`,
          );
          faults.terminated += ended.length;
        }
      }
    })();
    await write(12_000);
    // on a slow machine it takes longer until each has happened
    while (faults.killed * faults.stopped * faults.terminated === 0) await write(1000);
    on = false;
    await Promise.all([open, disturbing]);
    await settled();
    await checkEffects();
    await checkProjections();
    expect(faults.killed * faults.stopped * faults.terminated).toBeGreaterThan(0);
  }, 180_000);
});
