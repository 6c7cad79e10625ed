import type { EntityMetadata } from 'typeorm';
import { BackstoryError } from '../errors.js';
import type { CatalogTable } from '../mapping/index.js';
import { columnName } from './column-name.js';

/** @throws BackstoryError NO_PRIMARY_KEY for a table whose rows nothing tells apart */
export function requireUniqueKey(metadata: EntityMetadata, path: string, table: CatalogTable): void {
  const key = new Set(metadata.primaryColumns.map(columnName));
  if (key.size > 0 && table.uniqueKeys.some((columns) => columns.every((column) => key.has(column)))) return;
  const columns = [...key].map((column) => `"${column}"`).join(', ');
  throw new BackstoryError(
    'NO_PRIMARY_KEY',
    `The table ${path} of entity "${metadata.name}" has no primary key${columns ? ` on ${columns}` : ''}: ` +
      'its rows can’t be told apart, so they have no streams.',
    columns
      ? `"ALTER TABLE ${path} ADD PRIMARY KEY (${columns})", or leave the entity out with exclude: ['${metadata.name}'].`
      : `Give it a primary key, or leave the entity out with exclude: ['${metadata.name}'].`,
  );
}
