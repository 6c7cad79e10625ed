import { quoteIdentifier } from '../database/index.js';
import type { Stage, StageGuard } from '../stages/index.js';

/**
 * No replay before enough reads in the stage shadow were compared, and no larger share of it, unless all of those
 * since the stage was entered were without drift.
 */
export function shadowClean(requiredReads: number): StageGuard {
  return async (sql, schema, categories, to) => {
    if (to !== 'replay') return new Map();
    const table = quoteIdentifier(schema);
    const rows = await sql.execute<ShadowCounts>(
      `select s.category, s.stage, coalesce(r.compared, 0)::float8 as compared, coalesce(r.drifted, 0)::float8 as drifted
       from ${table}.stages s left join ${table}.shadow_reads r on r.category = s.category and r.since = s.changed_at
       where s.category = any ($1::text[]) and s.stage in ('shadow', 'replay')`,
      [categories],
    );
    const reads = new Map(rows.map((row) => [row.category, row]));
    return new Map(
      categories.map((category) => [category, reasonsAgainst(reads.get(category), requiredReads)]),
    );
  };
}

interface ShadowCounts {
  readonly category: string;
  readonly stage: Stage;
  readonly compared: number;
  readonly drifted: number;
}

function reasonsAgainst(reads: ShadowCounts | undefined, requiredReads: number): string[] {
  const { compared, drifted } = reads ?? { compared: 0, drifted: 0 };
  // Who is in replay already has had them.
  const required = reads?.stage === 'replay' ? 0 : requiredReads;
  return [
    ...(drifted > 0 ? [`${drifted} shadow reads found drift`] : []),
    ...(compared < required ? [`${compared} of ${required} shadow reads were compared`] : []),
  ];
}
