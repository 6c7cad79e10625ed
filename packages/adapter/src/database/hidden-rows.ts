import { BackstoryError } from '../errors.js';

/** A role that policies apply to doesn't see a table whole, and nothing may be said of what isn't seen. */
export function hiddenRows(role: string | null, table: string, cause?: unknown): BackstoryError {
  const from = role === null ? 'the owner of a function or view that reads it' : `role "${role}"`;
  return new BackstoryError(
    'ROWS_HIDDEN',
    `Row-level security of ${table} may hide rows from ${from}, so nothing can be said of the whole table.`,
    `Have it run as a role that sees every row: ALTER ROLE ${role === null ? '…' : `"${role}"`} BYPASSRLS; or as the owner of the table, unless it has FORCE ROW LEVEL SECURITY. See docs/security.md.`,
    { cause },
  );
}
