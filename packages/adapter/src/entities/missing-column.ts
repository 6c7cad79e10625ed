import { quoteTable } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { ColumnMapping, EntityMapping } from '../mapping/index.js';

/** Stands for a column that the entity has and the table hasn't, where options name it. */
export function absentColumn(property: string, column: string): ColumnMapping {
  return {
    property,
    column,
    number: 0,
    kind: 'string',
    typeOid: 25,
    outputFunction: 'pg_catalog.textout',
    sqlType: 'pg_catalog.text',
    declaredType: 'pg_catalog.text',
    formerTypes: [],
    typeName: 'text',
    generated: false,
    exactEquality: true,
  };
}

/** The entity is ahead of its table, or behind it. */
export function missingColumn(
  { entity, table }: { entity: string; table: { schema: string; name: string } },
  { property, column }: Pick<ColumnMapping, 'property' | 'column'>,
): BackstoryError {
  return new BackstoryError(
    'MISSING_TABLE',
    `The table ${quoteTable(table)} has no column "${column}" (property "${property}" of "${entity}").`,
    `Run the application's own migrations (or synchronize) first, or leave the property out of its history: { entity: '${entity}', exclude: ['${property}'] }.`,
  );
}

/** The same of all columns that an aggregate's tables lack. */
export function missingColumns(root: EntityMapping): BackstoryError[] {
  return [root, ...root.parts].flatMap((mapping) =>
    mapping.missing.map((column) => missingColumn(mapping, column)),
  );
}
