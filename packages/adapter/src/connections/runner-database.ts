import type { QueryRunner } from 'typeorm';
import { type Database, explainRefusal, seeWholeTables, type SqlExecutor } from '../database/index.js';
import { executorOf } from './pool-database.js';
import type { PgClient } from './pg-pool.js';

/**
 * The connection of a query runner as a source of connections: what would be a transaction of its own is a savepoint in the one
 * that the query runner has open, so that all of it is undone with the migration.
 */
export async function runnerDatabase(queryRunner: QueryRunner): Promise<Database> {
  const sql = executorOf((await queryRunner.connect()) as PgClient);
  let depth = 0;
  const within = async <Result>(work: (sql: SqlExecutor) => Promise<Result>): Promise<Result> => {
    const savepoint = `backstory_${depth++}`;
    await sql.execute(`savepoint ${savepoint}`);
    try {
      // the migration's own statements see what they would have seen
      const [before] = await sql.execute<{ row_security: string }>('show row_security');
      await sql.execute(seeWholeTables);
      const result = await work(sql);
      await sql.execute(`set local row_security = ${before?.row_security}; release savepoint ${savepoint}`);
      return result;
    } catch (error) {
      await sql.execute(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`);
      throw await explainRefusal(error, sql);
    } finally {
      depth--;
    }
  };
  return { ...sql, transaction: within, snapshot: within };
}
