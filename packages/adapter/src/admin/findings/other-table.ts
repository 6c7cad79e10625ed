import type { OtherTable } from '../../capture/index.js';
import type { Finding } from '../finding.js';

/** An entity whose name leads to another table than the one that is captured. */
export function otherTable({ category, problem, remedy }: OtherTable): Finding {
  return { severity: 'fault', aggregate: category, problem, remedy };
}
