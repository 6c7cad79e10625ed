import type { SqlExecutor } from '../database/index.js';
import { InvalidOptionsError } from '../errors.js';

/** In the statements of a chunk, so that pg_stat_activity tells them from the application's. */
export const mark = '/* backstory backfill */';

/** What a backfill waits for before each chunk. */
export interface ThrottleOptions {
  /** Rows a second, of all its workers together. @defaultValue as fast as it goes */
  rowsPerSecond?: number;
  /**
   * Waits while a streaming replica replays further behind than this. A role without `pg_monitor` doesn't see the lag,
   * and is refused rather than left without a brake.
   * @defaultValue replicas are not looked at
   */
  maxReplicaLagSeconds?: number;
  /** Waits while more connections than this are at work in the database, its own not counted. @defaultValue not looked at */
  maxActiveConnections?: number;
  /**
   * A query of your own with one boolean: waits while it is true.
   * @example query: 'select count(*) > 1000 from job where state = $$waiting$$'
   */
  query?: string;
}

/** Why the backfill should wait now, in words; undefined when it need not. */
export async function reasonToWait(sql: SqlExecutor, options: ThrottleOptions): Promise<string | undefined> {
  const { maxReplicaLagSeconds, maxActiveConnections, query } = options;
  if (maxReplicaLagSeconds !== undefined) {
    const { lag, hidden } = await replicaLag(sql);
    if (hidden) {
      throw new InvalidOptionsError(
        "maxReplicaLagSeconds: this role can't see how far the replicas are behind.",
        'GRANT pg_monitor TO …, or leave the option out.',
      );
    }
    if (lag > maxReplicaLagSeconds) return `a replica that is ${lag.toFixed(1)} s behind`;
  }
  if (maxActiveConnections !== undefined) {
    const active = await activeConnections(sql);
    if (active > maxActiveConnections) return `${active} active connections`;
  }
  if (query !== undefined && (await isTrue(sql, query))) return 'the query of the throttle';
  return undefined;
}

async function replicaLag(sql: SqlExecutor): Promise<{ lag: number; hidden: boolean }> {
  const [row] = await sql.execute<{ lag: number; hidden: boolean }>(
    `select coalesce(max(extract(epoch from replay_lag)), 0)::float8 as lag, coalesce(bool_or(state is null), false) as hidden
     from pg_stat_replication`,
  );
  return row as { lag: number; hidden: boolean };
}

/** The backfill's own statements carry a mark. */
async function activeConnections(sql: SqlExecutor): Promise<number> {
  const [row] = await sql.execute<{ active: number }>(
    `select count(*)::integer as active from pg_stat_activity
     where datname = current_database() and state = 'active' and pid <> pg_backend_pid()
       and query not like '%${mark}%'`,
  );
  return (row as { active: number }).active;
}

async function isTrue(sql: SqlExecutor, query: string): Promise<boolean> {
  const [row] = await sql.execute<Record<string, unknown>>(query);
  const [value] = Object.values(row ?? {});
  if (typeof value === 'boolean') return value;
  throw new InvalidOptionsError(
    `The throttle's query gave ${value === undefined ? 'no row' : JSON.stringify(value)}, not true or false.`,
    'Write one that returns one boolean: select count(*) > 100 from …',
  );
}
