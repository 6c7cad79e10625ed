import { type CaptureState, readUnsettledFailures, type UnsettledFailures } from '../../capture/index.js';
import { quoteTable, type SqlExecutor } from '../../database/index.js';
import type { EntityMapping } from '../../mapping/index.js';
import type { Finding } from '../finding.js';

/** Writes that went on without an event because capture has failed, and functions or releases that have it otherwise than it is to be. */
export async function captureFailures(
  sql: SqlExecutor,
  schema: string,
  mappings: readonly EntityMapping[],
  states: readonly CaptureState[],
): Promise<Finding[]> {
  const failures = await readUnsettledFailures(sql, schema);
  return [
    ...states.flatMap(({ category, captured }) => {
      const found = captured ? failures.get(category) : undefined;
      return found ? [unsettled(category, found)] : [];
    }),
    ...states.flatMap(misrecording),
    ...mappings.flatMap((mapping) => saidOtherwise(mapping, states)),
  ];
}

function unsettled(category: string, { statements, ...failures }: UnsettledFailures): Finding {
  const { firstAt, lastAt, lastError } = failures;
  const when =
    statements === 1
      ? `at ${lastAt.toISOString()}`
      : `between ${firstAt.toISOString()} and ${lastAt.toISOString()}`;
  return {
    severity: 'fault',
    aggregate: category,
    problem: `${statements} ${statements === 1 ? 'statement was' : 'statements were'} written without events ${when}, because capture failed; the last time with ${lastError.code}: ${lastError.message}`,
    remedy: `mend what it says, then npx backstory repair ${category}, then npx backstory verify ${category}`,
    proof: true,
  };
}

function misrecording({ category, tables, misrecording: found }: CaptureState): Finding[] {
  return found.map(({ table }) => {
    const isToRecord = tables.some(({ records }) => records);
    return {
      severity: isToRecord ? 'hint' : 'fault',
      aggregate: category,
      problem: isToRecord
        ? `a write to ${quoteTable(table)} fails when its capture does, and it is to go on: its functions were made anew by an older version of Backstory`
        : `a write to ${quoteTable(table)} goes on without an event when its capture fails, and it is to fail`,
      remedy: 'npx backstory install',
    };
  });
}

/** A release that has been here before, or owns nothing where another has owned something, has not decided. */
function saidOtherwise(
  { category, knownAs, whenCaptureFails = 'fail' }: EntityMapping,
  states: readonly CaptureState[],
): Finding[] {
  const own = states
    .find((state) => state.category === category)
    ?.tables.find(({ part, fingerprint }) => part === '' && fingerprint !== null);
  if (!own || own.records === (whenCaptureFails === 'record')) return [];
  return [
    {
      severity: 'hint',
      aggregate: category,
      problem: own.records
        ? `this application says that a write fails when its capture does, and it goes on without an event: a newer release has said so`
        : `this application says that a write goes on when its capture fails, and it fails: a newer release has said so, or one has captured tables that "${knownAs}" owns`,
      remedy: 'npx backstory install --narrow, if what this application says is to hold',
    },
  ];
}
