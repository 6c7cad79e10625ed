import { quoteIdentifier, type SqlExecutor, sqlState } from '../database/index.js';
import { BackstoryError } from '../errors.js';

/** Whether a subject has a key, or had one. False for a role that may not see it, which only its owner and relays may. */
export async function hasSubjectKey(sql: SqlExecutor, schema: string, subject: string): Promise<boolean> {
  try {
    const rows = await sql.execute(`select from ${quoteIdentifier(schema)}.subject_keys_of(array[$1])`, [
      subject,
    ]);
    return rows.length > 0;
  } catch (error) {
    if (sqlState(error) === '42501' || BackstoryError.is(error, 'RIGHTS_MISSING')) return false;
    throw error;
  }
}
