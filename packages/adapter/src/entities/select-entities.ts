import type { DataSource, EntityMetadata } from 'typeorm';
import { BackstoryError, InvalidOptionsError, UnknownAggregateError } from '../errors.js';
import {
  type AggregateOptions,
  type AggregateSelection,
  entityName,
  type EntityTarget,
} from '../mapping/index.js';
import { type OwnedEntity, ownedEntities } from './owned-entities.js';

/** An entity to capture, with what the user said of it. */
export interface SelectedEntity {
  readonly metadata: EntityMetadata;
  readonly options: Omit<AggregateOptions, 'entity'>;
  /** What it owns. */
  readonly parts: readonly SelectedPart[];
}

export interface SelectedPart extends OwnedEntity {
  readonly options: Omit<AggregateOptions, 'entity'>;
}

/**
 * The entities that the options name.
 * @throws UnknownAggregateError for a name that no entity has; BackstoryError for a view that was named;
 * InvalidOptionsError for what can't be owned
 */
export function selectEntities(
  dataSource: DataSource,
  { aggregates = 'all', exclude = [] }: AggregateSelection,
): SelectedEntity[] {
  const list = aggregates === 'all' ? ['all'] : aggregates;
  const excluded = new Set(exclude.map((entity) => findEntity(dataSource, entity)));
  const named = new Map<EntityMetadata, Omit<AggregateOptions, 'entity'>>();
  for (const aggregate of list) {
    if (aggregate === 'all') continue;
    const { entity, ...options } = isAggregateOptions(aggregate) ? aggregate : { entity: aggregate };
    named.set(namedEntity(dataSource, entity), options);
  }
  const parts = new Map<EntityMetadata, SelectedPart[]>();
  const owners = new Map<EntityMetadata, EntityMetadata>();
  for (const [metadata, { owns = [] }] of named) {
    const owned = withoutExcluded(ownedEntities(metadata, owns), excluded).map((part) => {
      refuseSecondOwner(part, metadata, owners);
      return { ...part, options: partOptions(part.metadata, named.get(part.metadata) ?? {}) };
    });
    parts.set(metadata, owned);
  }
  const others = list.includes('all') ? allEntities(dataSource, excluded) : [];
  return [...new Set([...named.keys(), ...others])]
    .filter((metadata) => !owners.has(metadata))
    .map((metadata) => ({
      metadata,
      options: named.get(metadata) ?? {},
      parts: parts.get(metadata) ?? [],
    }));
}

function namedEntity(dataSource: DataSource, target: EntityTarget): EntityMetadata {
  const metadata = findEntity(dataSource, target);
  if (metadata.tableType !== 'view') return metadata;
  throw new BackstoryError(
    'NOT_CAPTURABLE',
    `"${metadata.name}" is a view: it has no rows of its own to capture.`,
    'Name the entities of the tables behind the view instead.',
  );
}

/** What is excluded is captured nowhere, and what it owns is out of reach. */
function withoutExcluded(
  parts: readonly OwnedEntity[],
  excluded: ReadonlySet<EntityMetadata>,
): OwnedEntity[] {
  const left = new Set<string>();
  return parts.filter(({ metadata, path, parentPath }) => {
    const isLeft = excluded.has(metadata) || left.has(parentPath);
    if (isLeft) left.add(path);
    return !isLeft;
  });
}

function allEntities(dataSource: DataSource, excluded: ReadonlySet<EntityMetadata>): EntityMetadata[] {
  return dataSource.entityMetadatas
    .filter(isTableOfItsOwn)
    .filter((metadata) => !excluded.has(metadata) && !isJunctionOf(metadata, excluded));
}

function refuseSecondOwner(
  { metadata, path }: OwnedEntity,
  owner: EntityMetadata,
  owners: Map<EntityMetadata, EntityMetadata>,
): void {
  const other = owners.get(metadata);
  if (other) {
    throw new InvalidOptionsError(
      `"${metadata.name}" is owned twice: by "${other.name}" and as "${path}" of "${owner.name}".`,
      'A row can be part of one aggregate only: take it out of one of them.',
    );
  }
  owners.set(metadata, owner);
}

/** @throws InvalidOptionsError for what only a root can have */
function partOptions(
  { name }: EntityMetadata,
  options: Omit<AggregateOptions, 'entity'>,
): Omit<AggregateOptions, 'entity'> {
  const ofRoots = (
    [
      'category',
      'storedAs',
      'stage',
      'owns',
      'renamedTypes',
      'schemaVersion',
      'upcasters',
      'evolve',
      'snapshots',
      'retain',
      'whenCaptureFails',
    ] as const
  ).find((option) => options[option] !== undefined);
  if (!ofRoots) return options;
  throw new InvalidOptionsError(
    `"${name}" is owned by another entity, so it has no "${ofRoots}" of its own.`,
    `Say "${ofRoots}" of the entity that owns it.`,
  );
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
