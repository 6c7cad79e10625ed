import type { DataSource } from 'typeorm';
import { InvalidOptionsError } from '../errors.js';
import { namesSchema } from './names-schema.js';

/**
 * A DataSource as a tenant sees it whose schema comes first in the search_path: with the entities that name no schema, which are
 * in the tenant's. Those that name one belong to all tenants, and to none. For looking at entities only; queries are made by the DataSource itself.
 * @throws InvalidOptionsError where every entity has a schema by the DataSource's own
 */
export function tenantDataSource(dataSource: DataSource, tenant: string): DataSource {
  const { schema } = dataSource.options as { schema?: string };
  if (schema !== undefined) {
    throw new InvalidOptionsError(
      `The DataSource has schema: '${schema}', so TypeORM writes it before every table, and no search_path changes that.`,
      `Leave "schema" out of the DataSource, or open one DataSource and one createBackstory(dataSource, { schema: 'backstory_…' }) for each tenant.`,
    );
  }
  const driver: unknown = Object.create(dataSource.driver, { schema: { value: tenant } });
  const own = dataSource.entityMetadatas.filter((metadata) => !namesSchema(dataSource, metadata));
  return Object.create(dataSource, {
    driver: { value: driver },
    options: { value: { ...dataSource.options, schema: tenant } },
    entityMetadatas: { value: own },
  }) as DataSource;
}
