import { quoteIdentifier } from '../database/index.js';
import type { StageGuard } from '../stages/index.js';

/** No shadow and no replay unless the last verify, made since capture began, found nothing. */
export const verifiedClean: StageGuard = async (sql, schema, categories, to) => {
  if (to !== 'shadow' && to !== 'replay') return new Map();
  const table = quoteIdentifier(schema);
  const rows = await sql.execute<{ category: string; drifted: number; current: boolean }>(
    `select category, v.drifted::float8 as drifted, v.verified_at >= s.captured_since as current
     from ${table}.verifications v join ${table}.stages s using (category) where category = any ($1::text[])`,
    [categories],
  );
  const found = new Map(rows.map((row) => [row.category, row]));
  return new Map(categories.map((category) => [category, reasonsAgainst(found.get(category))]));
};

function reasonsAgainst(last: { drifted: number; current: boolean } | undefined): string[] {
  if (!last?.current) return ['it has not been verified since capture began (run "npx backstory verify")'];
  if (last.drifted > 0)
    return [`the last verify found ${last.drifted} drifted streams (run "npx backstory repair")`];
  return [];
}
