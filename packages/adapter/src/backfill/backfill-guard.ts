import { quoteIdentifier } from '../database/index.js';
import type { StageGuard } from '../stages/index.js';

/** No shadow and no replay before every row has its first event. */
export const backfillComplete: StageGuard = async (sql, schema, category, to) => {
  if (to !== 'shadow' && to !== 'replay') return [];
  const table = quoteIdentifier(schema);
  const [state] = await sql.execute<{ complete: boolean }>(
    `select b.completed_at is not null and b.started_at >= s.captured_since as complete
     from ${table}.stages s join ${table}.backfills b using (category) where category = $1`,
    [category],
  );
  return state?.complete ? [] : ['its backfill is not complete (run "npx backstory backfill")'];
};
