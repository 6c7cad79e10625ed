import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import {
  type Database,
  lookForMark,
  parseMark,
  readMark,
  readReplayPlace,
  type SqlExecutor,
  type WrittenMark,
} from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { WaitOptions } from '../outbox/index.js';
import type { StageWatch } from '../stages/index.js';
import {
  readStandby,
  type StandbyStatus,
  executorOf,
  mainServerOf,
  type PgClient,
  poolDatabase,
  type Replica,
  replicasOf,
} from '../connections/index.js';

/** How long to wait for a standby before the server that takes the writes is asked instead. */
export interface StandbyReadOptions {
  /** Milliseconds. Longer spares the primary; shorter answers sooner where a standby is behind. @defaultValue 500 */
  timeoutMs?: number;
}

/** Reads on standbys (`replication.slaves` of the DataSource) that have what was written before. */
export class StandbyControl {
  /** @internal */
  constructor(
    private readonly dataSource: DataSource,
    private readonly database: Database,
    private readonly stages: StageWatch,
  ) {}

  /**
   * Marks what was written so far: everything that was committed before this call, by whomever. For a cookie, a header or a message,
   * so that later reads wait for it. Call it after the commit. One round trip to the primary, and where its log isn't on the disk yet, a few
   * milliseconds.
   * @returns text of at most 38 characters: which server, and where in its write-ahead log (LSN)
   * @throws BackstoryError READ_ONLY_SERVER where the DataSource's own server is a standby
   * @example const mark = await backstory.standbys.written(); // into a cookie
   */
  written(): Promise<string> {
    return readMark(this.database);
  }

  /**
   * Resolves when every standby of the DataSource has replayed what was written, whichever TypeORM picks for a read. Where one address
   * leads to several servers, use {@link read}: this asks one of them. Without standbys it resolves at once.
   * @param written - what `written()` has given
   * @throws BackstoryError WAIT_TIMED_OUT, which names those that are behind or can't be reached; NOT_A_STANDBY for one that is no copy
   * of the server that has given the mark
   * @example await backstory.standbys.wait(await backstory.standbys.written(), { timeoutMs: 2_000 });
   */
  async wait(written: string, { timeoutMs = 10_000, signal }: WaitOptions = {}): Promise<void> {
    const mark = parseMark(written);
    const replicas = replicasOf(this.dataSource);
    const servers = replicas.length > 0 ? replicas : [mainServerOf(this.dataSource)];
    const end = performance.now() + timeoutMs;
    const all = servers.map(({ server, pool }) => reach(server, poolDatabase(pool), mark, end, signal));
    const behind = (await Promise.all(all)).filter((reason) => reason !== undefined);
    if (behind.length > 0) throw timedOut(mark, timeoutMs, behind);
  }

  /**
   * Runs reads on a standby that has what was written; on the server that takes the writes where none has it in time, or none can be
   * reached. The guarantee is that of one connection, so it holds behind a load balancer, too.
   * @param written - what `written()` has given; undefined for any standby as it is
   * @param work - is given an entity manager, and reads with that alone. It can't write on a standby
   * @throws BackstoryError WAIT_TIMED_OUT where no server has it, as after a failover that has lost it; NOT_A_STANDBY
   * @example const orders = await backstory.standbys.read(mark, (manager) => manager.find(Order));
   */
  async read<Result>(
    written: string | undefined,
    work: (manager: EntityManager) => Promise<Result>,
    { timeoutMs = 500 }: StandbyReadOptions = {},
  ): Promise<Result> {
    const mark = written === undefined ? undefined : parseMark(written);
    const replicas = replicasOf(this.dataSource).length;
    const queryRunner =
      (replicas > 0 ? await this.standby(mark, timeoutMs) : undefined) ??
      (await this.primary(mark, timeoutMs));
    try {
      return await work(queryRunner.manager);
    } finally {
      await queryRunner.release();
    }
  }

  /**
   * Each standby of the DataSource: where it is, and whether its rows are replayed. Empty where there are none.
   * @example const standbys = await backstory.standbys.list();
   */
  list(): Promise<StandbyStatus[]> {
    const keyOf = (sql: SqlExecutor): Promise<string | undefined> => this.stages.keyOf(sql);
    return Promise.all(replicasOf(this.dataSource).map((each) => readStandby(each, this.database, keyOf)));
  }

  /**
   * How far the DataSource's own server has come, where it is a standby itself: status, histories and proofs are as of then. Null on any other.
   * @example const place = await backstory.standbys.replayed();
   */
  async replayed(): Promise<Pick<StandbyStatus, 'replayedTo' | 'committedAt'> | null> {
    return (await readReplayPlace(this.database)) ?? null;
  }

  /** Connected to one that has it. Undefined where it hasn't in time, or can't be reached. */
  private async standby(mark: WrittenMark | undefined, timeoutMs: number): Promise<QueryRunner | undefined> {
    const queryRunner = this.dataSource.createQueryRunner('slave');
    let isFit = false;
    try {
      const client = await connected(queryRunner);
      if (!client) return undefined;
      const end = performance.now() + timeoutMs;
      isFit = !mark || (await reach('The standby', executorOf(client), mark, end)) === undefined;
      return isFit ? queryRunner : undefined;
    } finally {
      if (!isFit) await queryRunner.release();
    }
  }

  private async primary(mark: WrittenMark | undefined, timeoutMs: number): Promise<QueryRunner> {
    const queryRunner = this.dataSource.createQueryRunner('master');
    try {
      const client = (await queryRunner.connect()) as PgClient;
      const { server } = mainServerOf(this.dataSource);
      // where this is a standby itself, it is waited for as one
      const end = performance.now() + (replicasOf(this.dataSource).length > 0 ? 0 : timeoutMs);
      const reason = mark && (await reach(server, executorOf(client), mark, end));
      if (mark && reason !== undefined) throw timedOut(mark, timeoutMs, [reason]);
      return queryRunner;
    } catch (error) {
      await queryRunner.release();
      throw error;
    }
  }
}

async function connected(queryRunner: QueryRunner): Promise<PgClient | undefined> {
  return (queryRunner.connect() as Promise<PgClient>).catch(() => undefined);
}

/**
 * Waits until a server has what was written.
 * @returns why it hasn't, in words, when the time is over
 */
async function reach(
  server: Replica['server'],
  sql: SqlExecutor,
  mark: WrittenMark,
  end: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  for (let pause = 2; ; pause = Math.min(100, pause * 1.5)) {
    signal?.throwIfAborted();
    const found = await lookForMark(sql, mark).catch((error: unknown) => String((error as Error).message));
    if (typeof found !== 'string') {
      if (!found.isCopy) throw notACopy(server);
      if (found.reached) return undefined;
    }
    const rest = end - performance.now();
    if (rest <= 0) {
      if (typeof found === 'string') return `${server} can't be asked: ${found.split('\n')[0]}`;
      return found.at === null ? `${server} replays no write-ahead log` : `${server} is at ${found.at}`;
    }
    await sleep(Math.min(pause, rest), undefined, signal ? { signal } : {});
  }
}

function timedOut({ lsn }: WrittenMark, timeoutMs: number, reasons: readonly string[]): BackstoryError {
  return new BackstoryError(
    'WAIT_TIMED_OUT',
    `What was written up to ${lsn} has not come in ${timeoutMs} ms: ${reasons.join('; ')}.`,
    'See with "npx backstory doctor" what its standbys lack; wait longer; or read on the primary. After a failover what was written may be lost.',
  );
}

function notACopy(server: string): BackstoryError {
  return new BackstoryError(
    'NOT_A_STANDBY',
    `${server} is no copy of the server that has given the mark: where it is in its own log says nothing of what was written there.`,
    'Name streaming standbys of the primary under replication.slaves. A mark of another database can not be waited for here.',
  );
}
