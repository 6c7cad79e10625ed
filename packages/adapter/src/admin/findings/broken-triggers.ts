import { quoteIdentifier, quoteTable } from '../../database/index.js';
import type { EntityMapping } from '../../mapping/index.js';
import type { TriggerState } from '../capture-triggers.js';
import type { Finding } from '../finding.js';

const install = 'npx backstory install';

/** Triggers of one aggregate that are missing, disabled, overtaken, or made for something else. */
export function brokenTriggers(
  mapping: EntityMapping,
  triggers: readonly TriggerState[],
  outdated: boolean,
): Finding[] {
  const aggregate = mapping.category;
  const own = triggers.filter(({ category }) => category === aggregate);
  const findings = own.flatMap(({ table, trigger, state }): Finding[] => {
    const name = quoteIdentifier(trigger);
    if (state === 'missing') {
      return [{ severity: 'fault', aggregate, problem: `${table} has no trigger ${name}`, remedy: install }];
    }
    if (state === 'disabled') {
      const remedy = `ALTER TABLE ${table} ENABLE TRIGGER ${name}; then npx backstory verify ${aggregate}`;
      return [{ severity: 'fault', aggregate, problem: `trigger ${name} of ${table} is disabled`, remedy }];
    }
    if (state === 'overtaken') {
      const problem = `trigger ${name} of ${table} fires before capture: what it changes is recorded before the change that it fires for`;
      return [
        {
          severity: 'hint',
          aggregate,
          problem,
          remedy: `ALTER TRIGGER ${name} ON ${table} RENAME TO …, to a name behind "00_backstory_"`,
        },
      ];
    }
    return [];
  });
  if (findings.length === 0 && outdated) {
    const problem = `the triggers of ${quoteTable(mapping.table)} were made for other columns, rules or options than the entity has now`;
    findings.push({ severity: 'fault', aggregate, problem, remedy: install });
  }
  return findings;
}
