import { type Database, quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** Names without a schema are looked for in this one alone, until the transaction ends. */
export async function lookInto(sql: SqlExecutor, schema: string): Promise<void> {
  await sql.execute(`select set_config('search_path', $1, true)`, [quoteIdentifier(schema)]);
}

/** The same database, whose transactions look into one schema. */
export function lookingInto(database: Database, schema: string): Database {
  return {
    ...database,
    transaction: (work) =>
      database.transaction(async (sql) => {
        await lookInto(sql, schema);
        return work(sql);
      }),
  };
}
