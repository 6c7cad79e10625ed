import { type Database, quoteIdentifier } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { refuseOff } from '../stages/index.js';
import { isBackfillComplete } from './complete-backfills.js';

/**
 * Records that all rows were seen. One that was for some rows only says nothing of the others: it is done, but the category isn't
 * complete.
 * @returns whether the category is complete
 * @throws BackstoryError STAGE_REFUSED where the table was not captured all the time: what changed meanwhile may have no event
 */
export async function finishBackfill(database: Database, schema: string, category: string): Promise<boolean> {
  const table = quoteIdentifier(schema);
  return database.transaction(async (sql) => {
    const [done] = await sql.execute<{ whole: boolean; captured: boolean }>(
      `update ${table}.backfills b set updated_at = clock_timestamp(),
         completed_at = case when condition is null then clock_timestamp() end
       where category = $1
       returning condition is null as whole,
         coalesce((select s.stage <> 'off' from ${table}.stages s where s.category = b.category), false) as captured`,
      [category],
    );
    if (!done?.captured)
      refuseOff(category, 'it was switched off while its backfill ran, and changes made since have no event');
    if (!done.whole) return false;
    if (await isBackfillComplete(sql, schema, category)) return true;
    throw new BackstoryError(
      'STAGE_REFUSED',
      `Capture of "${category}" began anew while its backfill ran, or its table was made again: what changed in between may have no event.`,
      `Run it again: npx backstory backfill ${category}`,
    );
  });
}
