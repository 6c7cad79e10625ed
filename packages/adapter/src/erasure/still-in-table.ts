import { quoteTable, type SqlExecutor } from '../database/index.js';
import { type EventData, propertyOf, type ValuePath } from '../event/index.js';
import { type EntityMapping, rowIdSql, rowsOfStreamsSql, stateSql } from '../mapping/index.js';
import { type Choice, isTie } from './properties.js';

/** Chosen properties of which the tables of an aggregate hold a value that isn't null, for one stream. */
export async function stillInTable(
  sql: SqlExecutor,
  root: EntityMapping,
  streamId: string,
  chosen: Choice,
): Promise<string[]> {
  const found = new Set<string>();
  for (const mapping of [root, ...root.parts]) {
    const rows = await sql.execute<{ id: string; row: EventData }>(
      `select ${rowIdSql(mapping, 't')} as id, ${stateSql(mapping, 't')} as row
       from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$1')}`,
      [[streamId]],
    );
    for (const { id, row } of rows) {
      for (const [property, value] of Object.entries(row)) {
        const path: ValuePath = mapping.part ? [mapping.part.path, id, property] : [property];
        if (value !== null && chosen(path, 'updated') && !isTie(root, path)) found.add(propertyOf(path));
      }
    }
  }
  return [...found].sort();
}
