import { generationTable } from '../projection-definition.js';
import {
  checkpointLost,
  generationAhead,
  otherLog,
  otherPartitions,
  tablesInTheWay,
  tablesLost,
} from './faults-elsewhere.js';
import { type GenerationElsewhere, tablesElsewhere } from './generation-elsewhere.js';
import { pointViewsElsewhere } from './point-views-elsewhere.js';
import type { ProjectionInLog } from './projection-in-log.js';
import { relationExists } from './relation-exists.js';
import { requireTransactions } from './require-transactions.js';
import type { TargetSession } from './target-database.js';
import { installTargetTables, targetTables } from './target-tables.js';

interface FoundRow {
  partitions: number;
  ready: number;
  logKey: string;
}

/**
 * The checkpoints and tables of a generation, where they aren't there. A checkpoint that isn't ready says that somebody was stopped while
 * creating the tables: nothing is in them yet, and they are made anew. While nobody else does.
 * @throws BackstoryError for what is there and doesn't belong together
 */
export async function prepareElsewhere(
  session: TargetSession,
  of: GenerationElsewhere,
  log: ProjectionInLog,
): Promise<void> {
  const { target, definition, generation } = of;
  const { name, tables = [], partitions = 1 } = definition;
  await installTargetTables(session, target);
  const { checkpoints } = targetTables(target);
  const [{ highest } = { highest: null }] = await session.execute<{ highest: number | null }>(
    `select max(generation) as highest from ${checkpoints} where projection = ? and log_key = ?`,
    [name, log.logKey],
  );
  if (Number(highest ?? 0) > Math.max(log.live, log.next ?? 0))
    throw generationAhead(of, Number(highest), log);
  const rows = await session.execute<FoundRow>(
    `select partitions, ready, log_key as "logKey" from ${checkpoints} where projection = ? and generation = ?`,
    [name, generation],
  );
  const [first] = rows;
  if (first && rows.some(({ logKey }) => logKey !== log.logKey)) throw otherLog(of);
  if (first && rows.length !== partitions) throw otherPartitions(of, rows.length, partitions);
  const found: string[] = [];
  for (const table of tables)
    if (await relationExists(session, target, generationTable(table, generation))) found.push(table);
  if (first && rows.every(({ ready }) => Number(ready) === 1)) {
    if (found.length < tables.length) throw tablesLost(of, found);
    return;
  }
  if (!first) {
    if (found.length > 0) throw tablesInTheWay(of, found);
    if (tables.length === 0 && log.furthest !== '0') throw checkpointLost(of, log.furthest);
    for (let partition = 0; partition < partitions; partition++)
      await session.execute(
        `insert into ${checkpoints}
           (projection, generation, partition_no, partitions, position, gaps, log_key, log_epoch, moves, ready)
         values (?, ?, ?, ?, 0, '[]', ?, 0, 0, 0)`,
        [name, generation, partition, partitions, log.logKey],
      );
  }
  await createTables(session, of, log.live === generation);
  await session.execute(`update ${checkpoints} set ready = 1 where projection = ? and generation = ?`, [
    name,
    generation,
  ]);
}

async function createTables(session: TargetSession, of: GenerationElsewhere, isLive: boolean): Promise<void> {
  const names = tablesElsewhere(of);
  for (const table of Object.values(names)) await session.execute(`drop table if exists ${table}`);
  if (Object.keys(names).length > 0) await of.definition.create?.(session.manager, names);
  await requireTransactions(session, of);
  if (isLive) await pointViewsElsewhere(session, of);
}
