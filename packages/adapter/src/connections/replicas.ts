import type { DataSource } from 'typeorm';
import { type PgPool, poolOf } from './pg-pool.js';

/** One of the servers that serve reads (`replication.slaves`). */
export interface Replica {
  /** As the DataSource names it: `host:port`. */
  readonly server: string;
  readonly pool: PgPool;
}

/** The replicas of a DataSource; none where it has only one server. */
export function replicasOf(dataSource: DataSource): Replica[] {
  const { slaves = [] } = dataSource.driver as unknown as { slaves?: PgPool[] };
  return slaves.map((pool) => ({ server: serverOf(pool), pool }));
}

/** The server that takes the writes, or the only one. */
export function mainServerOf(dataSource: DataSource): Replica {
  const pool = poolOf(dataSource);
  return { server: serverOf(pool), pool };
}

interface PoolOptions {
  readonly host?: string;
  readonly port?: number;
  readonly connectionString?: string;
}

/** Without user and password, which an address may have in it. */
function serverOf(pool: PgPool): string {
  const { options = {} } = pool as { options?: PoolOptions };
  const { connectionString = '' } = options;
  const url = URL.canParse(connectionString) ? new URL(connectionString) : undefined;
  const host = url?.hostname || (options.host ?? 'localhost');
  return `${host}:${url?.port || (options.port ?? 5432)}`;
}
