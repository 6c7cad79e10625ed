import type { SqlExecutor } from '../database/index.js';
import type { Fence, Lease } from './consumer-lease.js';
import { durableSql } from './durable-sql.js';
import { currentEpoch, knownEpochs, type LogEpoch } from './log-epoch.js';

/** What a worker knows of the log that it reads. */
export interface EnteredLog {
  readonly fence: Fence;
  readonly epochs: readonly LogEpoch[];
  /** Holds when what a statement sees is on disk; undefined where the server doesn't tell. */
  readonly durable: string | undefined;
}

export async function enterLog(sql: SqlExecutor, schema: string, lease: Lease): Promise<EnteredLog> {
  const logEpoch = await currentEpoch(sql, schema);
  return {
    fence: { ...lease, logEpoch },
    epochs: await knownEpochs(sql, schema),
    durable: await durableSql(sql, schema, logEpoch),
  };
}
