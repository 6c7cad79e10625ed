import { quoteIdentifier, type SqlExecutor } from '../database/index.js';

/** In place of the table that is replayed while functions for another key are being made, which would put the captured one there. */
const none = 0;

/**
 * Rows whose key is made of other columns by now are in other streams than before: under the id that a row has now there is another
 * row's stream, or none. So reads return the rows as they are until a verify has seen the streams settled.
 */
export async function unsettleKeys(sql: SqlExecutor, schema: string, category: string): Promise<void> {
  await sql.execute(
    `update ${quoteIdentifier(schema)}.aggregates set replayed_oid = ${none} where category = $1 and fingerprint is not null`,
    [category],
  );
}

/** Once the functions are made. Not earlier: nobody may write to streams by one key and read them by the other. */
export async function awaitVerify(sql: SqlExecutor, schema: string): Promise<void> {
  const aggregates = `${quoteIdentifier(schema)}.aggregates`;
  // a role that may install nothing starts, too, where there is nothing to do
  const waiting = await sql.execute(`select from ${aggregates} where replayed_oid = ${none}`);
  if (waiting.length === 0) return;
  await sql.execute(`update ${aggregates} set replayed_oid = null where replayed_oid = ${none}`);
}
