import type { DataSource, QueryRunner } from 'typeorm';
import { renewInTransactionOf, renewWithMigrations } from '../connections/index.js';

export interface SyncCaptureOptions {
  /** PostgreSQL schema of Backstory's own tables. @defaultValue 'backstory' */
  schema?: string;
}

/**
 * Makes capture anew for tables that a migration has just changed, in the migration's own transaction. Nothing happens where
 * nothing is captured. For migrations that run without the application, beside it or in plain TypeORM; a DataSource with an
 * open Backstory does so by itself.
 * @throws PostgreSQL's error where the role may not replace Backstory's functions
 * @example
 * async up(queryRunner: QueryRunner) {
 *   await queryRunner.query('ALTER TABLE "order" RENAME COLUMN "state" TO "status"');
 *   await syncCapture(queryRunner);
 * }
 */
export async function syncCapture(
  queryRunner: QueryRunner,
  { schema = 'backstory' }: SyncCaptureOptions = {},
): Promise<void> {
  await renewInTransactionOf(queryRunner, schema);
}

/**
 * The same for every migration that a DataSource will run, and for `synchronize()`: one line for the file that TypeORM's command
 * line is given. What can't be renewed there is said on stderr, with the command that does it; the migration goes on.
 * @example
 * export default renewCaptureWithMigrations(new DataSource({ type: 'postgres', migrations: ['dist/migrations/*.js'] }));
 */
export function renewCaptureWithMigrations(
  dataSource: DataSource,
  { schema = 'backstory' }: SyncCaptureOptions = {},
): DataSource {
  renewWithMigrations(dataSource, {
    schema,
    warn: (message) => process.emitWarning(message, 'BackstoryWarning'),
  });
  return dataSource;
}
