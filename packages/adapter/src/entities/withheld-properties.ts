import type { EntityMetadata } from 'typeorm';
import { InvalidOptionsError } from '../errors.js';
import type { AggregateOptions, CatalogTable } from '../mapping/index.js';
import { sensitivity } from '../proposal/index.js';
import { columnName } from './column-name.js';
import { propertyOf } from './property-of.js';

/** Types whose values are never the secret itself; numbers are counts, unless the word is one for digits. */
const harmless = new Set('bool date timestamp timestamptz time timetz interval float4 float8'.split(' '));
const numbers = new Set(['int2', 'int4', 'int8', 'numeric']);

/**
 * Properties that are left out of events because their names look like secrets and the application says nothing of them. Never
 * what an aggregate can't do without: its key, foreign keys, and what TypeORM keeps in a row for itself.
 * @throws InvalidOptionsError for an `include` of nothing, or of what `exclude` names, too
 */
export function withheldProperties(
  metadata: EntityMetadata,
  { exclude = [], include = [] }: Pick<AggregateOptions, 'exclude' | 'include'>,
  table: CatalogTable,
): string[] {
  requireKnown(metadata, include, exclude);
  const types = new Map(
    table.columns.map(({ name, typeName, typeKind }) => [name, [typeName, typeKind] as const]),
  );
  return metadata.columns
    .filter((column) => !column.isVirtualProperty && !isNeeded(column))
    .filter((column) => {
      const found = sensitivity(propertyOf(column));
      const [typeName = '', typeKind = ''] = types.get(columnName(column)) ?? [];
      if (found?.of !== 'secret' || harmless.has(typeName) || typeKind === 'e') return false;
      return found.isDigits || !numbers.has(typeName);
    })
    .map(propertyOf)
    .filter((property) => !include.includes(property) && !exclude.includes(property));
}

function isNeeded(column: EntityMetadata['columns'][number]): boolean {
  const {
    isPrimary,
    isDiscriminator,
    isVersion,
    isCreateDate,
    isUpdateDate,
    isDeleteDate,
    referencedColumn,
  } = column;
  return (
    isPrimary ||
    isDiscriminator ||
    isVersion ||
    isCreateDate ||
    isUpdateDate ||
    isDeleteDate ||
    !!referencedColumn
  );
}

function requireKnown(
  metadata: EntityMetadata,
  include: readonly string[],
  exclude: readonly string[],
): void {
  const known = metadata.columns.map(propertyOf);
  for (const property of include) {
    if (!known.includes(property)) {
      throw new InvalidOptionsError(
        `"${metadata.name}" has no property "${property}" to include.`,
        `Use property paths: ${known.join(', ')}.`,
      );
    }
    if (exclude.includes(property)) {
      throw new InvalidOptionsError(
        `"${metadata.name}" both includes and excludes "${property}".`,
        'Say one of the two.',
      );
    }
  }
}
