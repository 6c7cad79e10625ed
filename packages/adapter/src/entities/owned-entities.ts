import type { EntityMetadata } from 'typeorm';
import type { RelationMetadata } from 'typeorm/metadata/RelationMetadata.js';
import { InvalidOptionsError } from '../errors.js';
import { columnName } from './column-name.js';

/** A table that a root owns, and the foreign key that leads to its parent. */
export interface OwnedEntity {
  readonly path: string;
  /** Path of the parent; empty for the root. */
  readonly parentPath: string;
  readonly metadata: EntityMetadata;
  readonly columns: readonly string[];
  readonly referenced: readonly string[];
}

/**
 * What the relation paths of `owns` lead to, each after what is above it; a path also owns what it passes through.
 * @throws InvalidOptionsError for a path that is no relation, or one whose foreign key isn't on the other side or doesn't
 * refer to the root's key
 */
export function ownedEntities(root: EntityMetadata, owns: readonly string[]): OwnedEntity[] {
  const owned = new Map<string, OwnedEntity>();
  for (const path of owns) {
    let parent = root;
    let parentPath = '';
    for (let rest = path; rest !== '';) {
      const relation = relationAt(root, path, parent, rest);
      const found = ownedBy(parent, relation);
      if (found.metadata === root || found.metadata.tablePath === parent.tablePath) {
        throw new InvalidOptionsError(
          `"${root.name}" can't own "${path}": its rows are in the table of "${parent.name}" itself.`,
          'Leave it out: each row of a tree has a stream of its own.',
        );
      }
      if (parentPath === '') requireKey(root, relation.propertyPath, found.referenced);
      const ownPath = parentPath === '' ? relation.propertyPath : `${parentPath}.${relation.propertyPath}`;
      if (!owned.has(ownPath)) owned.set(ownPath, { ...found, path: ownPath, parentPath });
      rest = rest.slice(relation.propertyPath.length + 1);
      parent = found.metadata;
      parentPath = ownPath;
    }
  }
  return [...owned.values()];
}

function relationAt(
  root: EntityMetadata,
  path: string,
  parent: EntityMetadata,
  rest: string,
): RelationMetadata {
  const relations = parent.relations.concat(
    ...parent.childEntityMetadatas.map((child) => child.ownRelations),
  );
  const found = relations.find(
    ({ propertyPath }) => rest === propertyPath || rest.startsWith(`${propertyPath}.`),
  );
  if (found) return found;
  const ownable = relations.filter((relation) => !relation.isWithJoinColumn);
  throw new InvalidOptionsError(
    `"${root.name}" can't own "${path}": "${parent.name}" has no relation "${rest}".`,
    ownable.length > 0
      ? `Use one of: ${ownable.map(({ propertyPath }) => propertyPath).join(', ')}.`
      : `"${parent.name}" has no relation that it could own.`,
  );
}

/** When a root is deleted, only its key is left to tell which streams its parts were in. */
function requireKey(root: EntityMetadata, path: string, referenced: readonly string[]): void {
  if (root.primaryColumns.every((column) => referenced.includes(columnName(column)))) return;
  throw new InvalidOptionsError(
    `"${root.name}" can't own "${path}": its foreign key refers to ${referenced.join(', ')} and not to the primary key.`,
    'Leave it out: its rows have streams of their own.',
  );
}

function ownedBy(
  parent: EntityMetadata,
  relation: RelationMetadata,
): Pick<OwnedEntity, 'metadata' | 'columns' | 'referenced'> {
  if (relation.isWithJoinColumn) {
    throw new InvalidOptionsError(
      `"${parent.name}" can't own "${relation.propertyPath}": the foreign key is its own, so the other row may belong to many.`,
      'Only relations whose foreign key is on the other side, and join tables, can be owned.',
    );
  }
  const inverse = relation.inverseRelation;
  const joinColumns = relation.isManyToManyNotOwner
    ? inverse?.inverseJoinColumns
    : relation.isManyToMany
      ? relation.joinColumns
      : inverse?.joinColumns;
  let metadata = relation.isManyToMany
    ? (relation.junctionEntityMetadata as EntityMetadata)
    : relation.inverseEntityMetadata;
  while (metadata.tableType === 'entity-child') metadata = metadata.parentEntityMetadata;
  return {
    metadata,
    columns: (joinColumns ?? []).map(columnName),
    referenced: (joinColumns ?? []).map(({ referencedColumn }) =>
      referencedColumn ? columnName(referencedColumn) : '',
    ),
  };
}
