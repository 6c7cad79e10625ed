import type { QueryRunner } from 'typeorm';
import { InvalidOptionsError } from '../errors.js';
import { install } from './install.js';
import { mappedAggregates, storedSelection } from '../aggregates/index.js';
import type { AggregateSelection } from '../mapping/index.js';
import type { BackstoryOptions } from '../options/index.js';
import { runnerDatabase } from '../connections/index.js';

/** What a migration installs. */
export type InstallationOptions = AggregateSelection & Pick<BackstoryOptions, 'schema'>;

/**
 * Installs Backstory in a migration of the application, in its transaction: own tables, and capture of every aggregate
 * that the options name and whose tables are there by now. For teams whose database changes come from migrations only; the
 * application then starts with `install: 'check'`. Entities that are ahead of their tables, in a database that is made from its
 * first migration on, are left to the next migration that installs. `npx backstory migration` writes such a migration.
 * @param options - as given to the application. @defaultValue those of the last installation, or every entity
 * @throws InvalidOptionsError outside of a transaction
 * @example
 * async up(queryRunner: QueryRunner) {
 *   await installBackstory(queryRunner, { aggregates: ['all', { entity: 'Order', owns: ['lines'] }] });
 * }
 */
export async function installBackstory(
  queryRunner: QueryRunner,
  { schema = 'backstory', ...given }: InstallationOptions = {},
): Promise<void> {
  if (!queryRunner.isTransactionActive) {
    throw new InvalidOptionsError(
      'installBackstory() was called by a migration that runs without a transaction.',
      'Leave "transaction = false" out of this migration, and run migrations with transaction "each" or "all".',
    );
  }
  const { connection } = queryRunner;
  const database = await runnerDatabase(queryRunner);
  const isNamed = given.aggregates !== undefined || given.exclude !== undefined;
  const selection = isNamed ? given : ((await storedSelection(connection, schema)) ?? {});
  const { mappings } = await mappedAggregates(connection, database, schema, selection);
  await install(database, schema, mappings);
}
