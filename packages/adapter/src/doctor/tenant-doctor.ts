import type { DataSource } from 'typeorm';
import type { Finding } from '../admin/index.js';
import { doctor } from './doctor.js';
import type { AggregateSelection } from '../mapping/index.js';
import { requireTenant, poolDatabase, poolOf, tenantDataSource } from '../connections/index.js';
import { TenantRegistry } from '../tenants/index.js';

/** As `doctor`, of one tenant, and whether changes of its history are seen by all instances. */
export async function tenantDoctor(
  dataSource: DataSource,
  tenant: string,
  { schema, registry, ...selection }: AggregateSelection & { schema: string; registry: string },
): Promise<Finding[]> {
  await requireTenant(dataSource, tenant);
  const findings = await doctor(tenantDataSource(dataSource, tenant), { ...selection, schema });
  const known = new TenantRegistry(poolDatabase(poolOf(dataSource)), registry);
  if (findings.some(({ severity }) => severity === 'fault') || (await known.version(schema)) !== undefined)
    return findings;
  return [
    ...findings,
    {
      severity: 'fault',
      problem: `the history in schema "${schema}" is not in the table of all tenants (schema "${registry}"): instances don't hear when its stages change`,
      remedy: `npx backstory install --tenants ${tenant}`,
    },
  ];
}
