import type { DataSource } from 'typeorm';
import type { SqlExecutor } from './database/index.js';
import { BackstoryError, InvalidOptionsError } from './errors.js';
import { type Proposal, propose } from './proposal/index.js';
import { describeEntities, poolDatabase, poolOf } from './typeorm/index.js';

/**
 * Looks at an application's entities and proposes how they are captured, with reasons. Changes nothing.
 * @throws InvalidOptionsError for a DataSource without entities
 * @throws BackstoryError MISSING_TABLE where none of them has a table: of an empty or another database there is nothing to propose
 */
export async function proposeConfiguration(dataSource: DataSource): Promise<Proposal> {
  const database = poolDatabase(poolOf(dataSource));
  await requireTables(dataSource, database);
  return propose(await describeEntities(dataSource, database));
}

async function requireTables(dataSource: DataSource, sql: SqlExecutor): Promise<void> {
  const paths = dataSource.entityMetadatas.map(({ tablePath }) =>
    tablePath
      .split('.')
      .map((name) => dataSource.driver.escape(name))
      .join('.'),
  );
  if (paths.length === 0) {
    throw new InvalidOptionsError(
      'The DataSource has no entities.',
      'Look at its "entities": patterns are of compiled files where those are loaded (dist/**/*.entity.js), and of no others.',
    );
  }
  const [found] = await sql.execute<{ there: number; database: string }>(
    `select count(to_regclass(p))::integer as there, current_database() as database from unnest($1::text[]) p`,
    [paths],
  );
  if (found === undefined || found.there > 0) return;
  throw new BackstoryError(
    'MISSING_TABLE',
    `None of the ${paths.length} entities has a table in database "${found.database}".`,
    "Look whether that is the application's database, and whether its migrations have been run there.",
  );
}
