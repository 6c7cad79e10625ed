import type { DataSource } from 'typeorm';
import { type InstallReport, pendingInstallation } from './install.js';
import type { BackstoryOptions } from './options.js';
import { entityMappings, poolDatabase, poolOf } from './typeorm/index.js';

/** What an install would do for these options. Changes nothing. */
export async function installationPending(
  dataSource: DataSource,
  { schema = 'backstory', ...selection }: BackstoryOptions,
): Promise<InstallReport> {
  const database = poolDatabase(poolOf(dataSource));
  const mappings = await entityMappings(dataSource, database, selection);
  const { migrations, outdated } = await pendingInstallation(database, schema, mappings);
  return { migrations, captured: outdated };
}
