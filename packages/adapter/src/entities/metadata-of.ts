import type { DataSource, EntityMetadata, EntityTarget as TypeOrmTarget } from 'typeorm';
import { UnknownAggregateError } from '../errors.js';
import { entityName, type EntityTarget } from '../mapping/index.js';

/**
 * What TypeORM knows of an entity, and of the one at the top whose table it is in, in single-table inheritance.
 * @throws UnknownAggregateError which names those that are there
 */
export function metadataOf(
  dataSource: DataSource,
  target: EntityTarget,
): { readonly own: EntityMetadata; readonly root: EntityMetadata } {
  if (!dataSource.hasMetadata(target as TypeOrmTarget<object>)) {
    throw new UnknownAggregateError(
      'UNKNOWN_ENTITY',
      entityName(target),
      dataSource.entityMetadatas.map(({ name }) => name),
    );
  }
  const own = dataSource.getMetadata(target as TypeOrmTarget<object>);
  let root = own;
  while (root.tableType === 'entity-child') root = root.parentEntityMetadata;
  return { own, root };
}
