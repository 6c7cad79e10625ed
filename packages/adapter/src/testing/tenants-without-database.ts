import type { Backstory } from '../backstory/index.js';
import { TenantBackstories } from '../opening/index.js';
import { backstoryWithoutDatabase } from './backstory-without-database.js';
import { refusing } from './refusing.js';

/**
 * Tenants for unit tests of what takes them: `of` gives each name a {@link backstoryWithoutDatabase}, the same one each time; `names` are those
 * that were asked for.
 * @throws BackstoryError NO_DATABASE from `each`
 * @example const acme = await tenantsWithoutDatabase().of('acme');
 */
export function tenantsWithoutDatabase(): TenantBackstories {
  const byTenant = new Map<string, Backstory>();
  const of = (tenant: string): Promise<Backstory> => {
    const known = byTenant.get(tenant) ?? backstoryWithoutDatabase();
    byTenant.set(tenant, known);
    return Promise.resolve(known);
  };
  return refusing(TenantBackstories, 'tenants', {
    of,
    names: () => Promise.resolve([...byTenant.keys()]),
    forget: (tenant: string) => Promise.resolve(void byTenant.delete(tenant)),
    close: () => Promise.resolve(),
  });
}
