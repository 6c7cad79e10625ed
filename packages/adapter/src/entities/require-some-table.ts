import type { DataSource } from 'typeorm';
import { quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { tableOf } from './table-of.js';

/**
 * @throws InvalidOptionsError for a DataSource without entities
 * @throws BackstoryError MISSING_TABLE where none of them has a table, as in an empty database or in another one
 */
export async function requireSomeTable(dataSource: DataSource, sql: SqlExecutor): Promise<void> {
  const tables = dataSource.entityMetadatas.map((metadata) => quoteTable(tableOf(dataSource, metadata)));
  if (tables.length === 0) {
    throw new InvalidOptionsError(
      'The DataSource has no entities.',
      'Look at its "entities": patterns are of compiled files where those are loaded (dist/**/*.entity.js), and of no others.',
    );
  }
  const [found] = await sql.execute<{ there: number; database: string }>(
    `select count(to_regclass(t))::integer as there, current_database() as database from unnest($1::text[]) t`,
    [tables],
  );
  if (found === undefined || found.there > 0) return;
  throw new BackstoryError(
    'MISSING_TABLE',
    `None of the ${tables.length} entities has a table in database "${found.database}".`,
    "Look whether that is the application's database, and whether its migrations have been run there.",
  );
}
