import { isDeepStrictEqual } from 'node:util';
import type { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';

/** What an entity's columns would be written with, by column. Undefined is left out, as TypeORM leaves it out. */
export type PersistedValues = ReadonlyMap<ColumnMetadata, unknown>;

/**
 * The values of an entity in the form that they go to the driver in, behind transformers.
 */
export function persistedValues(
  { driver }: DataSource,
  metadata: EntityMetadata,
  entity: object,
): PersistedValues {
  const values = new Map<ColumnMetadata, unknown>();
  for (const column of metadata.columns) {
    // of children in single-table inheritance that the entity isn't
    if (metadata.childEntityMetadatas.some(({ target }) => target === column.target)) continue;
    const value: unknown = column.getEntityValue(entity);
    if (value === undefined) continue;
    const persisted: unknown = driver.preparePersistentValue(value, column);
    // an array may go on changing with the entity
    values.set(column, Array.isArray(persisted) ? [...(persisted as unknown[])] : persisted);
  }
  return values;
}

/** The columns that differ: of the entity behind a join table, of those that are known before and after. */
export function changedColumns(before: PersistedValues, after: PersistedValues): ColumnMetadata[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (column) => !isDeepStrictEqual(before.get(column), after.get(column)),
  );
}
