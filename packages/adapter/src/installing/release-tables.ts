import { type Database, quoteIdentifier } from '../database/index.js';
import type { EntityMapping } from '../mapping/index.js';
import { changeStage, isReadFromEvents, readStandings } from '../stages/index.js';

/**
 * A table that a new release captures as a part of another aggregate, or no more as one: where its streams of before are read,
 * in shadow or replay, that ends first. Its own aggregate goes off, and one that loses a part goes back to capture.
 * @returns whether a stage was changed
 */
export async function releaseTables(
  database: Database,
  schema: string,
  root: EntityMapping,
): Promise<boolean> {
  const losing = await database.execute<{ category: string; whole: boolean }>(
    `select a.category, bool_or(a.part = '') as whole from ${quoteIdentifier(schema)}.aggregates a
     join jsonb_to_recordset($1::jsonb) m (oid oid, category text, part text) on m.oid = a.table_oid
     where (a.category, a.part) <> (m.category, m.part) group by a.category`,
    [
      JSON.stringify(
        [root, ...root.parts].map(({ table, category, part }) => ({
          oid: table.oid,
          category,
          part: part?.path ?? '',
        })),
      ),
    ],
  );
  if (losing.length === 0) return false;
  const standings = await readStandings(database, schema);
  let changed = false;
  for (const { category, whole } of losing) {
    const stage = standings.get(category)?.stage ?? 'off';
    const to = whole ? 'off' : 'capture';
    if (stage === 'off' || stage === to) continue;
    if (isReadFromEvents(stage)) changed = true;
    await changeStage(
      database,
      schema,
      category,
      { stage: to, percent: 0 },
      { by: 'install', reason: `${root.entity} is captured in another aggregate: ${root.category}` },
      [],
    );
    // If it is an aggregate of its own again some day, it begins as one that was not seen yet.
    if (whole)
      await database.execute(`delete from ${quoteIdentifier(schema)}.stages where category = $1`, [category]);
  }
  return changed;
}
