import { quoteTable, type SqlExecutor } from '../database/index.js';
import { type EntityMapping, rowsOfStreamsSql } from '../mapping/index.js';

/** With some rows locked nobody is waited for: of a circle PostgreSQL might end the writer. */
export async function lockRows(
  sql: SqlExecutor,
  mapping: EntityMapping,
  ids: readonly string[],
): Promise<void> {
  await sql.execute(
    `select from ${quoteTable(mapping.table)} t where ${rowsOfStreamsSql(mapping, 't', '$1')}
     for no key update of t nowait`,
    [ids],
  );
}
