import type { SqlExecutor } from './sql-executor.js';

/** How far a standby has come: what is read of it is as of then. */
export interface ReplayPlace {
  /** Up to where it has replayed the write-ahead log, as an LSN. */
  readonly replayedTo: string | null;
  /** When the last transaction was committed that it has replayed. */
  readonly committedAt: Date | null;
}

/** Where this server is; undefined where it is no standby. */
export async function readReplayPlace(sql: SqlExecutor): Promise<ReplayPlace | undefined> {
  const [place] = await sql.execute<ReplayPlace>(
    `select pg_last_wal_replay_lsn()::text as "replayedTo", pg_last_xact_replay_timestamp() as "committedAt"
     where pg_is_in_recovery()`,
  );
  return place;
}

/** For a sentence: "up to 0/3000148, committed until …". */
export function replayPlaceInWords({ replayedTo, committedAt }: ReplayPlace): string {
  const until = committedAt ? `, committed until ${committedAt.toISOString()}` : '';
  return `up to ${replayedTo ?? 'an unknown place'}${until}`;
}
