import type { EntityManager, EntityMetadata } from 'typeorm';
import { quoteIdentifier } from '../database/index.js';
import { type EntityMapping, rowsByIdSql, rowsOfStreamsSql } from '../mapping/index.js';

/** Which rows of a table: by their ids, or all that are part of a root. */
export type ChosenRows = { readonly ids: readonly string[] } | { readonly root: string };

/**
 * Deletes rows in one statement, as TypeORM's delete builder does. Listeners and subscribers aren't called.
 * @returns how many there were
 */
export async function deleteRows(
  manager: EntityManager,
  mapping: EntityMapping,
  chosen: ChosenRows,
): Promise<number> {
  const metadata = manager.connection.entityMetadatas.find(
    ({ name, tableType }) => name === mapping.entity && tableType !== 'entity-child',
  ) as EntityMetadata;
  const table = quoteIdentifier(mapping.table.name);
  const where =
    'ids' in chosen
      ? rowsByIdSql(mapping, table, 'array[:...backstoryRows]')
      : rowsOfStreamsSql(mapping, table, 'array[:...backstoryRows]');
  const { affected } = await manager
    .createQueryBuilder()
    .delete()
    .from(metadata.tableType === 'junction' ? metadata.tablePath : metadata.target)
    .where(where, { backstoryRows: 'ids' in chosen ? chosen.ids : [chosen.root] })
    .callListeners(false)
    .execute();
  return affected ?? 0;
}
