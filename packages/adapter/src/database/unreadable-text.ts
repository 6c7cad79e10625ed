import { BackstoryError } from '../errors.js';
import type { SqlExecutor } from './sql-executor.js';

/**
 * What the server could not send, because a database without an encoding (SQL_ASCII) has bytes in a text that are no UTF-8. Any other
 * database has none: there it is the statement that had them, and the error stays as it is.
 */
export async function unreadableText(error: Error, sql: SqlExecutor): Promise<unknown> {
  const [row] = await sql.execute<{ encoding: string }>(
    `select current_setting('server_encoding') as encoding`,
  );
  // no text has this byte, so it was in what was asked
  if (row?.encoding !== 'SQL_ASCII' || error.message.endsWith(' 0x00')) return error;
  return new BackstoryError(
    'TEXT_UNREADABLE',
    `A text in this database can't be read, because its bytes are no UTF-8 and the database (SQL_ASCII) doesn't say what else they are: ${error.message}.`,
    'Move to a database with an encoding, such as UTF8: dump this one, say which encoding its texts have (pg_dump --encoding), and restore it. See docs/evidence.md.',
    { cause: error },
  );
}
