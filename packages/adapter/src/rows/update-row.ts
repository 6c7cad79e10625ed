import type { EntityManager } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { quoteIdentifier, quoteLiteral } from '../database/index.js';
import { rowsByIdSql } from '../mapping/index.js';
import type { AggregateRow } from './aggregate-row.js';
import { columnName, partOfEntity } from '../entities/index.js';

/** What a row has become: by property, in the form that events have values in. */
export type WrittenValues = ReadonlyMap<string, unknown>;

/**
 * Writes some columns of one row with what an entity has in them, in one statement, as TypeORM's update builder does: through transformers, with
 * version and update date. Listeners and subscribers aren't called. `schema` is Backstory's.
 * @returns what these columns have become; undefined where the row is gone, or a trigger or policy has kept it as it is
 */
export async function updateRow(
  manager: EntityManager,
  schema: string,
  { mapping, metadata, entity }: Pick<AggregateRow, 'mapping' | 'metadata' | 'entity'>,
  id: string,
  columns: readonly ColumnMetadata[],
): Promise<WrittenValues | undefined> {
  const table = quoteIdentifier(mapping.table.name);
  const written = mapping.columns.filter(({ column }) => columns.some((each) => columnName(each) === column));
  const values = written.map(
    ({ column, kind }) =>
      `${quoteIdentifier(schema)}.value_in_events(${table}.${quoteIdentifier(column)}, ${quoteLiteral(kind)})`,
  );
  const result = await manager
    .createQueryBuilder()
    .update(metadata.target)
    .set(partOfEntity(entity, columns))
    .where(rowsByIdSql(mapping, table, 'array[:backstoryRow]'), { backstoryRow: id })
    .returning(`array_to_json(array[${['null', ...values].join(', ')}]) as written`)
    .callListeners(false)
    .execute();
  if (!result.affected) return undefined;
  const [found] = result.raw as { written: unknown[] }[];
  return new Map(written.map(({ property }, index) => [property, found?.written[index + 1]]));
}
