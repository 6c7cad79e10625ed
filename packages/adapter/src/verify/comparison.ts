import type { Drift } from '../drift/index.js';

/** How many streams, or parts of them, differ from their rows, and the first of them. */
export interface Comparison {
  readonly drifted: number;
  readonly drift: readonly Drift[];
}

/** With how much was looked at. */
export interface TableComparison extends Comparison {
  readonly rows: number;
  /** Living streams, or living parts of them. */
  readonly states: number;
}
