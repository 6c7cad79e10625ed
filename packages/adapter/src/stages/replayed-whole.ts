import { quoteIdentifier } from '../database/index.js';
import type { StageGuard } from './stage-guard.js';

/** No stage events before every read is replayed, and a verify since then has found that what is written still replays to the rows. */
export const replayedWhole: StageGuard = async (sql, schema, categories, to) => {
  if (to !== 'events') return new Map();
  const table = quoteIdentifier(schema);
  const rows = await sql.execute<{ category: string; whole: boolean; verified: boolean }>(
    `select category, s.stage = 'replay' and s.replay_percent = 100 as whole, coalesce(v.verified_at >= s.changed_at, false) as verified
     from ${table}.stages s left join ${table}.verifications v using (category) where category = any ($1::text[])`,
    [categories],
  );
  return new Map(
    rows.map(({ category, whole, verified }) => [
      category,
      [
        ...(whole
          ? []
          : [`replay of all its streams comes first (run "npx backstory stage ${category} replay")`]),
        ...(whole && !verified
          ? [`it has not been verified since it moved to replay (run "npx backstory verify ${category}")`]
          : []),
      ],
    ]),
  );
};
