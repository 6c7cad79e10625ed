import { quoteTable, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, rowsOfStreamsSql, streamIdSql } from '../mapping/index.js';

/** Locks the rows of living streams, with their parts, against changes. Those that others have locked are left out. */
export function lockRows(
  sql: SqlExecutor,
  mapping: EntityMapping,
  ids: readonly string[],
): Promise<Set<string>> {
  return existingRows(sql, mapping, ids, 'for no key update of t skip locked');
}

/** Which of some streams have a row. */
export async function existingRows(
  sql: SqlExecutor,
  mapping: EntityMapping,
  ids: readonly string[],
  locking = '',
): Promise<Set<string>> {
  const rows = await sql.execute<{ id: string }>(
    `select ${streamIdSql(mapping, 't')} as id from ${quoteTable(mapping.table)} t
     where ${rowsOfStreamsSql(mapping, 't', '$1')} ${locking}`,
    [ids],
  );
  return new Set(rows.map(({ id }) => id));
}
