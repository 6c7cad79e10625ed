import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { explainRights } from './explain-rights.js';

/**
 * Destroys the keys of subjects for ever, also of those that have none yet: what is relayed of them later can't be read either.
 * @returns those that had one
 */
export async function destroyKeys(
  sql: SqlExecutor,
  schema: string,
  subjects: readonly string[],
): Promise<string[]> {
  if (subjects.length === 0) return [];
  const rows = await sql
    .execute<{ subject: string }>(
      `select subject from ${quoteIdentifier(schema)}.destroy_subject_keys($1::text[]) subject order by 1`,
      [subjects],
    )
    .catch((error: unknown) => {
      throw explainRights(error);
    });
  return rows.map(({ subject }) => subject);
}
