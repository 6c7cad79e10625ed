import { quoteIdentifier } from '../database/index.js';
import { captureFingerprintSql, type Stage, type StageGuard } from '../stages/index.js';
import { livingStreamsSql } from './living-streams-sql.js';

/**
 * No replay before enough reads in the stage shadow were compared, and no larger share of it, unless all of those since the
 * stage was entered, or begun anew, were without drift. Enough is what can be read: no more than there are living streams,
 * and none of what nobody reads by itself.
 */
export function shadowClean(
  requiredReads: number,
  isReadByItself: (category: string) => boolean,
): StageGuard {
  return async (sql, schema, categories, to) => {
    if (to !== 'replay') return new Map();
    const table = quoteIdentifier(schema);
    const rows = await sql.execute<ShadowCounts>(
      `select s.category, s.stage, s.percent, s.compared, s.drifted,
         case when s.stage = 'replay' or s.category <> all ($2::text[]) then 0
              when s.compared >= $3::integer then $3
              else coalesce(${livingStreamsSql(schema, 's.category', requiredReads)}, least($3, s.verified), $3)
         end::float8 as required
       from (
         select s.category, s.stage, s.replay_percent as percent, coalesce(r.compared, 0)::float8 as compared,
           coalesce(r.drifted, 0)::float8 as drifted, v.streams_compared as verified
         from ${table}.stages s
         left join ${table}.shadow_reads r on r.category = s.category and r.since = s.compared_since
           and r.fingerprint = ${captureFingerprintSql(schema, 's.category')}
         left join ${table}.verifications v on v.category = s.category
         where s.category = any ($1::text[])
       ) s`,
      [categories, categories.filter(isReadByItself), requiredReads],
    );
    return new Map(rows.map((row) => [row.category, reasonsAgainst(row)]));
  };
}

interface ShadowCounts {
  readonly category: string;
  readonly stage: Stage;
  readonly percent: number;
  readonly compared: number;
  readonly drifted: number;
  readonly required: number;
}

function reasonsAgainst({ category, stage, percent, compared, drifted, required }: ShadowCounts): string[] {
  const command = `npx backstory stage ${category}`;
  const isCompared = stage === 'shadow' || stage === 'replay';
  const anew = percent > 0 && percent < 100 ? `replay --percent ${percent}` : stage;
  return [
    ...(isCompared ? [] : [`shadow comes first (run "${command} shadow")`]),
    ...(drifted > 0
      ? [
          `${drifted} shadow reads found drift (run "npx backstory repair ${category}", then "npx backstory verify ${category}", then "${command} ${anew}", which counts anew)`,
        ]
      : []),
    ...(compared < required
      ? [
          `${compared} of ${required} shadow reads were compared (run the application: its reads are; "npx backstory status" shows how many)`,
        ]
      : []),
  ];
}
