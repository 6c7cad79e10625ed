import type { CaptureState } from '../../capture/index.js';
import { quoteIdentifier, quoteTable, type SqlExecutor } from '../../database/index.js';
import type { Finding } from '../finding.js';

/** Writes without a command that are to be refused and aren't, or the other way round; and roles of which they are refused that are gone. */
export async function residualRefusals(
  sql: SqlExecutor,
  schema: string,
  states: readonly CaptureState[],
): Promise<Finding[]> {
  const gone = await sql.execute<{ category: string; roles: string }>(
    `select s.category, string_agg(r.name, ', ') as roles from ${quoteIdentifier(schema)}.stages s cross join unnest(s.refused_roles) r (name)
     where s.stage = 'events' and not exists (select from pg_roles p where p.rolname = r.name) group by 1`,
  );
  return [
    ...states.flatMap(ofOne),
    ...gone.map(({ category, roles }): Finding => ({
      severity: 'fault',
      aggregate: category,
      problem: `writes of ${roles} without a command are to be refused, and there is no such role: what has its place may write`,
      remedy: `npx backstory stage ${category} events --residual refuse --roles …`,
    })),
  ];
}

function ofOne({ category, tables, misrefusing }: CaptureState): Finding[] {
  return misrefusing.map(({ table, part }) => {
    const isToRefuse = tables.some((each) => each.part === (part?.path ?? '') && each.refuses);
    return {
      severity: isToRefuse ? 'fault' : 'hint',
      aggregate: category,
      problem: isToRefuse
        ? `${quoteTable(table)} takes writes without a command, which are to be refused: its functions were made anew by an older version of Backstory`
        : `the functions of ${quoteTable(table)} ask at each write whether they have to refuse it, and they haven't: its stage was changed by a role that may not replace them, or by an older version of Backstory`,
      remedy: 'npx backstory install',
    };
  });
}
