import type { SqlExecutor } from '../database/index.js';
import type { Stage } from './stage.js';

/** A condition of moving an aggregate to a stage: the reasons that stand against it, in words; none when it may move. */
export type StageGuard = (sql: SqlExecutor, schema: string, category: string, to: Stage) => Promise<string[]>;
