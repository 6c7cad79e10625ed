import { isReadFromEvents, type StageGuard } from '../stages/index.js';
import { readUnsettledFailures } from './unsettled-failures.js';

/** Nothing is read from events while there are writes whose capture has failed, and that no verify has settled. */
export const failuresSettled: StageGuard = async (sql, schema, categories, to) => {
  if (!isReadFromEvents(to)) return new Map();
  const failures = await readUnsettledFailures(sql, schema);
  return new Map(
    categories.flatMap((category) => {
      const statements = failures.get(category)?.statements;
      return statements === undefined ? [] : [[category, [reason(category, statements)]] as const];
    }),
  );
};

function reason(category: string, statements: number): string {
  return `${statements} ${statements === 1 ? 'statement was' : 'statements were'} written whose capture has failed (run "npx backstory repair ${category}", then "npx backstory verify ${category}")`;
}
