import { captureFunctions, type CaptureState, readTriggers, wantedTriggers } from '../../capture/index.js';
import { quoteIdentifier, quoteTable, type SqlExecutor } from '../../database/index.js';
import type { Finding } from '../finding.js';

/** Triggers on tables that were detached, swapped, or left behind: they write nothing, and cost each statement a call. */
export async function strayTriggers(
  sql: SqlExecutor,
  schema: string,
  states: readonly CaptureState[],
): Promise<Finding[]> {
  const idle = new Set(
    states
      .filter(({ captured }) => !captured)
      .flatMap(({ tables }) => tables)
      .flatMap(({ category, part }) =>
        captureFunctions({ category, ...(part !== '' && { part: { path: part } }) }),
      ),
  );
  const wanted = states.flatMap(({ mapping, captured }) =>
    typeof mapping === 'string' || !captured
      ? []
      : [mapping, ...mapping.parts].flatMap((each) => wantedTriggers(each, schema)),
  );
  const stray = (await readTriggers(sql, schema)).filter(
    ({ oid, name, inherited }) =>
      !inherited && !wanted.some((trigger) => trigger.table.oid === oid && trigger.name === name),
  );
  return stray.map(({ schema: tableSchema, table, name, functionName }) => {
    const path = quoteTable({ schema: tableSchema, name: table });
    if (idle.has(functionName)) {
      return {
        severity: 'hint',
        problem: `trigger ${quoteIdentifier(name)} of ${path} is left from before its aggregate went off, and does nothing`,
        remedy: `DROP TRIGGER ${quoteIdentifier(name)} ON ${path}; when the table is not in use.`,
      };
    }
    return {
      severity: 'hint',
      problem: `trigger ${quoteIdentifier(name)} of ${path} calls ${functionName}, which captures another table and writes nothing for this one`,
      remedy: `DROP TRIGGER ${quoteIdentifier(name)} ON ${path}; when the table is not in use.`,
    };
  });
}
