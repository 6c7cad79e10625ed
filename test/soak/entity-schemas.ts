import type { AggregateOptions } from '@backstory/adapter';
import { EntitySchema, type EntitySchemaColumnOptions, type EntitySchemaRelationOptions } from 'typeorm';
import type { ColumnShape, EntityShape, Release } from './release.js';

/** The release's entities, as its code has them. */
export function entitySchemas({ entities }: Release): EntitySchema[] {
  return entities.map((entity) => {
    const parent = entities.find(({ key }) => key === entity.parent);
    const relations: Record<string, EntitySchemaRelationOptions> = {};
    if (parent) {
      relations['parent'] = {
        type: 'many-to-one',
        target: parent.name,
        inverseSide: entity.relation!,
        joinColumn: { name: 'parent_id' },
        nullable: false,
        onDelete: 'CASCADE',
      };
    }
    for (const child of entities.filter(({ parent: above }) => above === entity.key)) {
      relations[child.relation!] = {
        type: 'one-to-many',
        target: child.name,
        inverseSide: 'parent',
        cascade: ['insert'],
      };
    }
    return new EntitySchema({
      name: entity.name,
      tableName: entity.table,
      columns: {
        id:
          entity.idType === 'int'
            ? { type: 'int', primary: true, generated: 'increment' }
            : { type: 'uuid', primary: true, generated: 'uuid' },
        ...Object.fromEntries(entity.columns.map((column) => [column.property, columnOptions(column)])),
      },
      relations,
    });
  });
}

function columnOptions({
  column,
  type,
  scale,
  nullable,
  default: sql,
}: ColumnShape): EntitySchemaColumnOptions {
  return {
    name: column,
    type,
    nullable,
    ...(type === 'varchar' && { length: 80 }),
    ...(type === 'numeric' && { precision: 16, scale }),
    ...(sql !== undefined && { default: () => sql }),
  };
}

/** What the release says to Backstory. */
export function aggregates({ entities }: Release): ('all' | AggregateOptions)[] {
  const paths = (above: EntityShape, prefix: string): string[] =>
    entities
      .filter(({ parent, owned }) => owned && parent === above.key)
      .flatMap((child) => [prefix + child.relation!, ...paths(child, `${prefix}${child.relation!}.`)]);
  return [
    'all',
    ...entities.map((entity) => {
      const owns = entity.owned ? [] : paths(entity, '');
      return {
        entity: entity.name,
        renamed: entity.renamed,
        defaults: entity.defaults,
        ...(owns.length > 0 && { owns }),
      };
    }),
  ];
}

/** The entity in whose streams its events are, and on which way it is found there. */
export function rootOf(release: Release, entity: EntityShape): { root: EntityShape; path: string[] } {
  const parent = entity.owned && release.entities.find(({ key }) => key === entity.parent);
  if (!parent) return { root: entity, path: [] };
  const above = rootOf(release, parent);
  return { root: above.root, path: [...above.path, entity.relation!] };
}

export function categoryOf({ name }: EntityShape): string {
  return name[0]!.toLowerCase() + name.slice(1);
}
