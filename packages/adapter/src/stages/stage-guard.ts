import type { SqlExecutor } from '../database/index.js';
import type { Stage } from './stage.js';

/**
 * A condition of moving aggregates forward to a stage, or to a larger share of it: for each category the reasons that stand
 * against it, in words, with the command that settles each; nothing for one that may move. Asked of moves forward only, with
 * one query for all categories.
 */
export type StageGuard = (
  sql: SqlExecutor,
  schema: string,
  categories: readonly string[],
  to: Stage,
) => Promise<ReadonlyMap<string, readonly string[]>>;
