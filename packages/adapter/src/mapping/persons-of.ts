import type { CapturedPersons, StoredTable } from './captured-table.js';

/** What the newest release of an aggregate has said of persons. An older version of Backstory has kept it as the options have it. */
export function personsOf({ captured, options }: StoredTable): CapturedPersons {
  if (captured?.persons) return captured.persons;
  const { subject, personal, retain } = options;
  return {
    ...(typeof subject === 'object' && { subject }),
    ...(personal && { personal }),
    ...(retain && { retain }),
  };
}
