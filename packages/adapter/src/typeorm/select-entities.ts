import type { DataSource, EntityMetadata } from 'typeorm';
import { BackstoryError, UnknownAggregateError } from '../errors.js';
import type { AggregateOptions, AggregateSelection, EntityTarget } from '../mapping/index.js';

/** An entity to capture, with what the user said of it. */
export interface SelectedEntity {
  readonly metadata: EntityMetadata;
  readonly options: Omit<AggregateOptions, 'entity'>;
}

/**
 * The entities that the options name.
 * @throws UnknownAggregateError for a name that no entity has; BackstoryError for a view that was named
 */
export function selectEntities(
  dataSource: DataSource,
  { aggregates = 'all', exclude = [] }: AggregateSelection,
): SelectedEntity[] {
  const excluded = new Set(exclude.map((entity) => findEntity(dataSource, entity)));
  if (aggregates === 'all') {
    return dataSource.entityMetadatas
      .filter(isTableOfItsOwn)
      .filter((metadata) => !excluded.has(metadata) && !isJunctionOf(metadata, excluded))
      .map((metadata) => ({ metadata, options: {} }));
  }
  return aggregates.map((aggregate) => {
    const options: AggregateOptions = isAggregateOptions(aggregate) ? aggregate : { entity: aggregate };
    const metadata = findEntity(dataSource, options.entity);
    if (metadata.tableType === 'view') {
      throw new BackstoryError(
        'NOT_CAPTURABLE',
        `"${metadata.name}" is a view: it has no rows of its own to capture.`,
        'Name the entities of the tables behind the view instead.',
      );
    }
    return { metadata, options };
  });
}

/** A child in single-table inheritance lives in its root's table, and so in its root's category. */
function findEntity(dataSource: DataSource, target: EntityTarget): EntityMetadata {
  const name = entityName(target);
  const found = dataSource.entityMetadatas.find(
    (metadata) => metadata.target === target || metadata.name === name || metadata.tableName === name,
  );
  if (!found) {
    throw new UnknownAggregateError(
      'UNKNOWN_ENTITY',
      name,
      dataSource.entityMetadatas.map((metadata) => metadata.name),
    );
  }
  let root = found;
  while (root.tableType === 'entity-child') root = root.parentEntityMetadata;
  return root;
}

function entityName(target: EntityTarget): string {
  if (typeof target === 'string') return target;
  return typeof target === 'function' ? target.name : target.options.name;
}

function isTableOfItsOwn(metadata: EntityMetadata): boolean {
  return metadata.tableType !== 'view' && metadata.tableType !== 'entity-child';
}

function isJunctionOf(metadata: EntityMetadata, excluded: ReadonlySet<EntityMetadata>): boolean {
  return metadata.foreignKeys.length > 0 && metadata.tableType === 'junction'
    ? metadata.foreignKeys.some((key) => excluded.has(key.referencedEntityMetadata))
    : false;
}

function isAggregateOptions(aggregate: EntityTarget | AggregateOptions): aggregate is AggregateOptions {
  return typeof aggregate === 'object' && 'entity' in aggregate;
}
