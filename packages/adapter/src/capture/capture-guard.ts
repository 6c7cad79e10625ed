import { quoteTable } from '../database/index.js';
import { isReadFromEvents, type StageGuard } from '../stages/index.js';
import { type CaptureState, readCaptureStates } from './capture-state.js';

/** Nothing is read from events while writes may go past capture: triggers that are missing or disabled, a table that is gone. */
export const capturedWhole: StageGuard = async (sql, schema, categories, to) => {
  if (!isReadFromEvents(to)) return new Map();
  const states = await readCaptureStates(sql, schema);
  return new Map(
    states
      .filter(({ category, captured }) => captured && categories.includes(category))
      .map(({ category, mapping, missing }) => [category, reasonsAgainst(mapping, missing)]),
  );
};

function reasonsAgainst(mapping: CaptureState['mapping'], missing: CaptureState['missing']): string[] {
  if (typeof mapping === 'string') return [mapping];
  const [first] = missing;
  if (!first) return [];
  return [
    `trigger "${first.name}" of ${quoteTable(first.table)} is missing or disabled (run "npx backstory doctor")`,
  ];
}
