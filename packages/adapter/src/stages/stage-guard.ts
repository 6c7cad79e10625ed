import type { SqlExecutor } from '../database/index.js';
import type { Stage } from './stage.js';

/**
 * A condition of moving an aggregate forward to a stage, or to a larger share of it: the reasons that stand against it,
 * in words; none when it may move. Asked of moves forward only.
 */
export type StageGuard = (sql: SqlExecutor, schema: string, category: string, to: Stage) => Promise<string[]>;
