import type { DataSource } from 'typeorm';
import { BackstoryError } from '../errors.js';
import { poolDatabase } from './pool-database.js';
import { poolOf } from './pg-pool.js';

/** @throws BackstoryError UNKNOWN_TENANT where there is no such schema */
export async function requireTenant(dataSource: DataSource, tenant: string): Promise<void> {
  const [found] = await poolDatabase(poolOf(dataSource)).execute(
    `select from pg_namespace where nspname = $1`,
    [tenant],
  );
  if (found) return;
  throw new BackstoryError(
    'UNKNOWN_TENANT',
    `There is no schema "${tenant}" in this database.`,
    'Create the schema and its tables first. Write the name as PostgreSQL has it, with its capitals.',
  );
}
