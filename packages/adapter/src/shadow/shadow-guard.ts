import { quoteIdentifier } from '../database/index.js';
import type { Stage, StageGuard } from '../stages/index.js';

/**
 * No replay before enough reads in the stage shadow were compared, and no larger share of it, unless all of those
 * since the stage was entered were without drift.
 */
export function shadowClean(requiredReads: number): StageGuard {
  return async (sql, schema, category, to) => {
    if (to !== 'replay') return [];
    const table = quoteIdentifier(schema);
    const [reads] = await sql.execute<{ stage: Stage; compared: number; drifted: number }>(
      `select s.stage, coalesce(r.compared, 0)::float8 as compared, coalesce(r.drifted, 0)::float8 as drifted
       from ${table}.stages s left join ${table}.shadow_reads r on r.category = s.category and r.since = s.changed_at
       where s.category = $1 and s.stage in ('shadow', 'replay')`,
      [category],
    );
    const { compared, drifted } = reads ?? { compared: 0, drifted: 0 };
    // Who is in replay already has had them.
    const required = reads?.stage === 'replay' ? 0 : requiredReads;
    return [
      ...(drifted > 0 ? [`${drifted} shadow reads found drift`] : []),
      ...(compared < required ? [`${compared} of ${required} shadow reads were compared`] : []),
    ];
  };
}
