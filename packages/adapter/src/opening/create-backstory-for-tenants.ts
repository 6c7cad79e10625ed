import type { DataSource } from 'typeorm';
import { BackstoryError, InvalidOptionsError } from '../errors.js';
import { TenantBackstories } from './tenant-backstories.js';
import { type TenantOptions, validateOptions } from '../options/index.js';

/**
 * Gives each tenant of one DataSource a history of its own, where the tenants' tables are in schemas of PostgreSQL and a request
 * chooses one by `search_path`. Entities and repositories stay as they are. Entities that name a schema belong to no tenant:
 * `createBackstory(dataSource)` captures them, on the same DataSource if need be.
 * @throws BackstoryError that names each tenant that can't be opened, with what to do about it
 * @example
 * const tenants = await createBackstoryForTenants(dataSource, { tenants: ['acme', 'globex'] });
 * const acme = await tenants.of('acme');
 * await acme.backfill();
 * await tenants.close();
 */
export async function createBackstoryForTenants(
  dataSource: DataSource,
  options: TenantOptions,
): Promise<TenantBackstories> {
  const { tenants, schema, open, concurrency, registry, onFailure, ...ofEach } = options;
  validateOptions({ ...ofEach, ...(registry !== undefined && { schema: registry }) });
  if (!Array.isArray(tenants) && typeof tenants !== 'function')
    throw new InvalidOptionsError(
      'createBackstoryForTenants() was not told the tenants.',
      "Name their schemas: tenants: ['acme', 'globex'], or a function that gives them.",
    );
  if (schema !== undefined && typeof schema !== 'function')
    throw new InvalidOptionsError(
      `schema: '${String(schema)}' is one for all tenants.`,
      'Give a function: schema: (tenant) => `backstory_${tenant}`.',
    );
  if (open !== undefined && open !== 'start' && open !== 'asked')
    throw new InvalidOptionsError(`open: "${String(open)}" is unknown.`, "Use 'start' or 'asked'.");
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1))
    throw new InvalidOptionsError(
      `concurrency ${String(concurrency)} is no number of tenants.`,
      'Use a whole number from 1.',
    );
  const opened = new TenantBackstories(dataSource, options);
  if (open === 'asked') return opened;
  try {
    const failures = (await opened.each(() => Promise.resolve())).flatMap(({ tenant, error }) =>
      error ? [{ tenant, error }] : [],
    );
    if (failures.length > 0 && !onFailure) throw failed(failures);
    for (const { tenant, error } of failures) onFailure?.(tenant, error);
    await opened.sayWhoIsMissing();
    return opened;
  } catch (error) {
    await opened.close();
    throw error;
  }
}

function failed(failures: readonly { tenant: string; error: Error }[]): BackstoryError {
  const list = failures.map(({ tenant, error }) => `\n  - ${tenant}: ${error.message}`);
  return new BackstoryError(
    'TENANTS_FAILED',
    `${failures.length === 1 ? 'One tenant' : `${failures.length} tenants`} can't be opened:${list.join('')}`,
    'Settle each as it says, or go on without them for now: onFailure: (tenant, error) => …',
    { cause: failures[0]?.error },
  );
}
