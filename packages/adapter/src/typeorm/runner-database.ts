import type { QueryRunner } from 'typeorm';
import type { Database, SqlExecutor } from '../database/index.js';
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
      const result = await work(sql);
      await sql.execute(`release savepoint ${savepoint}`);
      return result;
    } catch (error) {
      await sql.execute(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`);
      throw error;
    } finally {
      depth--;
    }
  };
  return { execute: sql.execute, executeText: sql.executeText, transaction: within, snapshot: within };
}
