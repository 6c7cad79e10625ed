import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { storedName } from './stored-name.js';

/** What the column of a property is called in PostgreSQL. */
export function columnName({ databaseName }: Pick<ColumnMetadata, 'databaseName'>): string {
  return storedName(databaseName);
}
