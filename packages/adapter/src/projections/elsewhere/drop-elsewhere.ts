import { generationTable, type ProjectionDefinition } from '../projection-definition.js';
import type { TargetDatabase, TargetSession } from './target-database.js';
import { targetTables } from './target-tables.js';

/** Drops what is left of the generations before the live one: their checkpoints last, so that whoever is stopped leaves a trace. */
export async function dropElsewhere(
  session: TargetSession,
  target: TargetDatabase,
  { name, tables = [] }: Pick<ProjectionDefinition, 'name' | 'tables'>,
  logKey: string,
  live: number,
): Promise<void> {
  const { checkpoints, parked } = targetTables(target);
  const old = await session.execute<{ generation: number }>(
    `select distinct generation from ${checkpoints} where projection = ? and log_key = ? and generation < ?`,
    [name, logKey, live],
  );
  for (const { generation } of old) {
    const one = [name, generation];
    // whoever still works for it can't commit any more
    await session.execute(
      `update ${checkpoints} set moves = moves + 1 where projection = ? and generation = ?`,
      one,
    );
    for (const table of tables)
      await session.execute(`drop table if exists ${target.quote(generationTable(table, generation))}`);
    await session.execute(`delete from ${parked} where projection = ? and generation = ?`, one);
    await session.execute(`delete from ${checkpoints} where projection = ? and generation = ?`, one);
  }
}
