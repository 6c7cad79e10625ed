import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/**
 * Binds every aggregate to the table that has its table's name, where the database is a restored one: there each table has
 * another oid, and all else is as it was. One query, and nothing more in a database that wasn't restored.
 * @returns whether it was
 */
export async function rebindRestored(sql: SqlExecutor, schema: string): Promise<boolean> {
  const name = quoteIdentifier(schema);
  const [restored] = await sql.execute(
    `select from ${name}.aggregates where table_oid is not null and bound_in is distinct from tableoid limit 1`,
  );
  if (!restored) return false;
  await sql.execute(`select ${name}.rebind()`);
  return true;
}
