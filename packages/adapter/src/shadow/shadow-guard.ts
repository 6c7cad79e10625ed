import { quoteIdentifier } from '../database/index.js';
import type { StageGuard } from '../stages/index.js';

/** No replay before enough reads in the stage shadow were compared, all without drift. */
export function shadowClean(requiredReads: number): StageGuard {
  return async (sql, schema, category, to) => {
    if (to !== 'replay') return [];
    const table = quoteIdentifier(schema);
    const [reads] = await sql.execute<{ compared: number; drifted: number }>(
      `select r.compared::float8 as compared, r.drifted::float8 as drifted
       from ${table}.shadow_reads r join ${table}.stages s using (category)
       where category = $1 and s.stage = 'shadow' and r.since = s.changed_at`,
      [category],
    );
    const { compared, drifted } = reads ?? { compared: 0, drifted: 0 };
    return [
      ...(drifted > 0 ? [`${drifted} shadow reads found drift`] : []),
      ...(compared < requiredReads ? [`${compared} of ${requiredReads} shadow reads were compared`] : []),
    ];
  };
}
