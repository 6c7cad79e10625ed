import { quoteIdentifier } from '../database/index.js';
import type { StageGuard } from '../stages/index.js';

const incomplete = ['its backfill is not complete (run "npx backstory backfill")'];

/** No shadow and no replay before every row has its first event. */
export const backfillComplete: StageGuard = async (sql, schema, categories, to) => {
  if (to !== 'shadow' && to !== 'replay') return new Map();
  const table = quoteIdentifier(schema);
  const complete = await sql.execute<{ category: string }>(
    `select category from ${table}.stages s join ${table}.backfills b using (category)
     where category = any ($1::text[]) and b.completed_at is not null and b.started_at >= s.captured_since`,
    [categories],
  );
  const done = new Set(complete.map(({ category }) => category));
  return new Map(categories.filter((category) => !done.has(category)).map((each) => [each, incomplete]));
};
