import { quoteIdentifier } from '../database/index.js';
import type { StageGuard } from '../stages/index.js';

/** No shadow and no replay unless the last verify, made since capture began, found nothing. */
export const verifiedClean: StageGuard = async (sql, schema, category, to) => {
  if (to !== 'shadow' && to !== 'replay') return [];
  const table = quoteIdentifier(schema);
  const [last] = await sql.execute<{ drifted: number; current: boolean }>(
    `select v.drifted::float8 as drifted, v.verified_at >= s.captured_since as current
     from ${table}.verifications v join ${table}.stages s using (category) where category = $1`,
    [category],
  );
  if (!last?.current) return ['it has not been verified since capture began (run "npx backstory verify")'];
  if (last.drifted > 0)
    return [`the last verify found ${last.drifted} drifted streams (run "npx backstory repair")`];
  return [];
};
