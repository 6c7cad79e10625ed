import { createHash } from 'node:crypto';
import type { EntityMetadata } from 'typeorm';
import { columnName } from '../entities/index.js';

/** How the columns of one alias are called in a query's raw result, by what PostgreSQL calls them. */
export function resultColumns(
  alias: string,
  metadata: EntityMetadata,
  maxLength: number | undefined,
): Map<string, string> {
  return new Map(
    metadata.columns.map((column) => [
      columnName(column),
      resultColumn(alias, column.databaseName, maxLength),
    ]),
  );
}

/** As TypeORM's DriverUtils.buildAlias, which isn't public: too long a name is replaced by its hash. */
function resultColumn(alias: string, column: string, maxLength: number | undefined): string {
  const name = `${alias}_${column}`;
  if (!maxLength || name.length <= maxLength) return name;
  return createHash('sha1').update(name).digest('hex').slice(0, maxLength);
}
