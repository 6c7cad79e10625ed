import type { SqlExecutor } from '../../database/index.js';
import type { EntityMapping } from '../../mapping/index.js';
import { isReadFromEvents } from '../../stages/index.js';
import type { Finding } from '../finding.js';
import { type AggregateStatus, readStanding } from '../read-status.js';

/** What the last verify of each aggregate has found, or that there is none of what is captured today. */
export async function lastProofs(
  sql: SqlExecutor,
  schema: string,
  captured: readonly EntityMapping[],
): Promise<Finding[]> {
  const known = new Map(captured.map(({ category, knownAs }) => [category, knownAs]));
  const status = await readStanding(sql, schema, captured);
  return status
    .flatMap((each) => ofOne(each, known.get(each.category) ?? each.category))
    .map((finding) => ({ ...finding, proof: true }));
}

function ofOne({ category, stage, verified }: Omit<AggregateStatus, 'residual'>, name: string): Finding[] {
  const isRelied = isReadFromEvents(stage);
  const verify = `npx backstory verify ${name}`;
  const hint = (problem: string): Finding[] => [
    { severity: 'hint', aggregate: category, problem: `it is in ${stage}, ${problem}`, remedy: verify },
  ];
  if (!verified) return isRelied ? hint('and has never been verified') : [];
  const { at, drifted, withoutFirstEvent, outdated } = verified;
  const found: Finding[] = [];
  // a DateStyle of the session's own leaves no moment that JavaScript could read
  const when = Number.isNaN(at.getTime()) ? '' : ` (${at.toISOString()})`;
  if (drifted > 0) {
    found.push({
      severity: isRelied ? 'fault' : 'hint',
      aggregate: category,
      problem: `the last verify${when} found ${drifted} drifted streams`,
      remedy: `npx backstory repair ${name}, then ${verify}`,
    });
  }
  if (withoutFirstEvent > 0 && isRelied) {
    found.push({
      severity: 'fault',
      aggregate: category,
      problem: `the last verify${when} found ${withoutFirstEvent} rows without a first event`,
      remedy: `npx backstory backfill ${name}, then ${verify}`,
    });
  }
  if (found.length > 0 || !outdated || !isRelied) return found;
  return hint(`and was verified last${when} before what is captured of it changed`);
}
