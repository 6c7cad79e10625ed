import type { DataSource } from 'typeorm';
import type { Finding } from '../admin/index.js';
import {
  readReplayPlace,
  type ReplayPlace,
  replayPlaceInWords,
  type SqlExecutor,
} from '../database/index.js';
import { readStandby, type StandbyStatus, replicasOf } from '../connections/index.js';
import { stagesKey } from '../stages/index.js';

/** What keeps the servers that serve reads from serving them by replay; and that the server which was asked is a standby itself. */
export async function findingsOfStandbys(
  dataSource: DataSource,
  sql: SqlExecutor,
  schema: string,
): Promise<Finding[]> {
  const here = await readReplayPlace(sql);
  const keyOf = (server: SqlExecutor): Promise<string | undefined> => stagesKey(server, schema, []);
  const standbys = await Promise.all(replicasOf(dataSource).map((each) => readStandby(each, sql, keyOf)));
  return [...(here ? [ofThis(here)] : []), ...standbys.flatMap((each) => findingOf(each) ?? [])];
}

function ofThis(place: ReplayPlace): Finding {
  return {
    severity: 'hint',
    problem: `this server is a standby: what is said here is of what it has replayed, ${replayPlaceInWords(place)}`,
    remedy:
      'Ask the primary for what holds now. Not seen here: what it has not replayed yet, and the replication slots of the primary.',
  };
}

function findingOf(each: StandbyStatus): Finding | undefined {
  const { server, reachable, reason, copy, standby, paused, upToStages, replayedTo } = each;
  if (!reachable)
    return {
      severity: 'fault',
      problem: `standby ${server} can't be asked: ${reason}`,
      remedy: 'Start it, or take it out of replication.slaves: TypeORM sends reads to it all the same.',
    };
  if (!copy)
    return {
      severity: 'hint',
      problem: `${server} is named under replication.slaves, and is no copy of this server: none of its rows are replayed, and it can't be waited for`,
      remedy: 'Name a streaming standby instead. A logical replica has rows and events at different times.',
    };
  if (upToStages && !paused) return undefined;
  const place = `standby ${server} ${paused ? 'has its replay paused' : standby ? 'is behind' : 'has gone its own way'}, at ${replayedTo ?? 'an unknown place'}`;
  return {
    severity: 'hint',
    problem: upToStages
      ? place
      : `${place}, and doesn't have the stages of this server: its rows are returned as they are`,
    remedy: paused
      ? 'On it: SELECT pg_wal_replay_resume()'
      : 'Nothing, if it follows within moments; else look at pg_stat_replication here and at its log there.',
  };
}
