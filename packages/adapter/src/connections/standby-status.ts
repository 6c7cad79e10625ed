import type { Database, SqlExecutor } from '../database/index.js';
import { poolDatabase } from './pool-database.js';
import type { Replica } from './replicas.js';

/** A server that serves reads, as its DataSource names it under `replication.slaves`. */
export interface StandbyStatus {
  /** `host:port` */
  readonly server: string;
  /** Whether it can be asked; of one that can't, nothing else is known. */
  readonly reachable: boolean;
  /** Why it can't be. */
  readonly reason?: string;
  /** Whether it is a copy of the files of the server that takes the writes, such as a streaming standby. A logical replica is none. */
  readonly copy: boolean;
  /** Whether it is in recovery: it replays what another server writes. */
  readonly standby: boolean;
  /** Whether its replay was paused by hand. */
  readonly paused: boolean;
  /** Up to where it has replayed the write-ahead log, as an LSN. */
  readonly replayedTo: string | null;
  /** When the last transaction was committed that it has replayed. */
  readonly committedAt: Date | null;
  /** Whether it has the same stages as the server that takes the writes: until it has, its rows are returned as they are in the table. */
  readonly upToStages: boolean;
}

type Place = Omit<StandbyStatus, 'server' | 'reachable' | 'copy' | 'upToStages'> & {
  readonly system: string;
};

const unreachable = {
  reachable: false,
  copy: false,
  standby: false,
  paused: false,
  replayedTo: null,
  committedAt: null,
  upToStages: false,
};

/** Where one of them is. */
export async function readStandby(
  { server, pool }: Replica,
  primary: SqlExecutor,
  keyOf: (sql: SqlExecutor) => Promise<string | undefined>,
): Promise<StandbyStatus> {
  const standby: Database = poolDatabase(pool);
  const own = await readPlace(primary);
  const key = await keyOf(primary);
  try {
    const { system, ...place } = await readPlace(standby);
    const upToStages = key !== undefined && (await keyOf(standby)) === key;
    return { server, reachable: true, copy: system === own.system, ...place, upToStages };
  } catch (error) {
    return { server, ...unreachable, reason: (error as Error).message.split('\n')[0] as string };
  }
}

async function readPlace(sql: SqlExecutor): Promise<Place> {
  const [place] = await sql.execute<Place>(
    `select (select system_identifier from pg_control_system())::text as system, pg_is_in_recovery() as standby,
       case when pg_is_in_recovery() then pg_is_wal_replay_paused() else false end as paused,
       pg_last_wal_replay_lsn()::text as "replayedTo", pg_last_xact_replay_timestamp() as "committedAt"`,
  );
  return place as Place;
}
