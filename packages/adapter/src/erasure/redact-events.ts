import { quoteIdentifier, type SqlExecutor } from '../database/index.js';
import { explainRights } from './explain-rights.js';
import type { Redaction } from './plan-redactions.js';

/** Erases values of one stream, and appends the event of a type that says so. Run with its end locked. */
export async function redactEvents(
  sql: SqlExecutor,
  schema: string,
  { category, type, schemaVersion }: { category: string; type: string; schemaVersion: number },
  streamId: string,
  {
    redactions,
    by,
    reason,
  }: { redactions: readonly Redaction[]; by?: string | undefined; reason?: string | undefined },
): Promise<{ events: number; position: number } | undefined> {
  const [erased] = await sql
    .execute<{ events: number; position: number }>(
      `select events::float8 as events, erased_position::float8 as position
     from ${quoteIdentifier(schema)}.erase_events($1, $2, $3::jsonb, $4, $5::smallint, $6, $7)`,
      [category, streamId, JSON.stringify(redactions), type, schemaVersion, by ?? null, reason ?? null],
    )
    .catch((error: unknown) => {
      throw explainRights(error);
    });
  return erased;
}
