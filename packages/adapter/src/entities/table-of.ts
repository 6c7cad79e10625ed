import type { DataSource, EntityMetadata } from 'typeorm';
import { storedName } from './stored-name.js';

/**
 * The table in which TypeORM looks for an entity. A path of dots, also one that an entity has for its name
 * (`@Entity('sales.bill')`), is schema and name to TypeORM, perhaps with the database before them.
 */
export function tableOf(
  dataSource: DataSource,
  metadata: EntityMetadata,
): { readonly schema: string; readonly name: string } {
  const { schema, searchSchema } = dataSource.driver as { schema?: string; searchSchema?: string };
  const path = metadata.tableName.split('.');
  const name = path.pop() as string;
  return {
    schema: storedName(path.pop() ?? metadata.schema ?? schema ?? searchSchema ?? 'public'),
    name: storedName(name),
  };
}
