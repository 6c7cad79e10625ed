import type { DataSource } from 'typeorm';
import { type InstallReport, pendingInstallation } from './install.js';
import type { BackstoryOptions } from '../options/index.js';
import { together } from '../errors.js';
import { withheldNames } from '../mapping/index.js';
import { mappedAggregates } from '../aggregates/index.js';
import { poolDatabase, poolOf } from '../connections/index.js';

/** What an install would do for these options. Changes nothing. */
export async function installationPending(
  dataSource: DataSource,
  { schema = 'backstory', ...selection }: BackstoryOptions,
): Promise<InstallReport> {
  const database = poolDatabase(poolOf(dataSource));
  const { mappings, problems } = await mappedAggregates(dataSource, database, schema, selection);
  if (problems.length > 0) throw together(problems);
  const { migrations, outdated, unknown } = await pendingInstallation(database, schema, mappings);
  return { migrations, captured: outdated, withheld: unknown.flatMap(withheldNames) };
}
