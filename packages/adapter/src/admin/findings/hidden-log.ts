import { quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import { hiddenOwnTables } from '../../schema/index.js';
import type { Finding } from '../finding.js';

/** Policies on Backstory's own tables: events that a role doesn't see would be passed by for ever. */
export async function hiddenLog(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const hidden = await hiddenOwnTables(sql, schema);
  return hidden.map(({ role, table }) => ({
    severity: 'fault',
    problem: `row-level security of ${table} may hide rows from this role, ${quoteIdentifier(role)}: no application can start as it`,
    remedy: `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY; or ALTER ROLE ${quoteIdentifier(role)} BYPASSRLS;`,
  }));
}
