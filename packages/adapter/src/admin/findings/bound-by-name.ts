import type { CaptureState } from '../../capture/index.js';
import { quoteTable } from '../../database/index.js';
import type { Finding } from '../finding.js';

/** After a restore nothing is wrong: the functions find their tables by their names, which costs each statement a question. */
export function boundByName({ category, rebound }: CaptureState): Finding[] {
  return rebound.map(({ table }) => ({
    severity: 'hint',
    aggregate: category,
    problem: `${quoteTable(table)} has another oid since a restore: it is captured, and each statement asks for its name`,
    remedy: 'npx backstory install',
  }));
}
