import { quoteIdentifier, quoteTable, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import type { EntityMapping } from '../mapping/index.js';

/** Names without a schema are looked for in the tenant's first, then where they were: functions of triggers may be there. Until the transaction ends. */
export async function lookFirstInto(sql: SqlExecutor, tenant: string): Promise<void> {
  await sql.execute(
    `select set_config('search_path', concat_ws(', ', $1::text, nullif(current_setting('search_path'), '')), true)`,
    [quoteIdentifier(tenant)],
  );
}

/** @throws BackstoryError COMMAND_REFUSED in a transaction whose search_path leads to another table than that of the tenant */
export async function requireTenantsTable(
  sql: SqlExecutor,
  mapping: EntityMapping,
  tenant: string,
): Promise<void> {
  const [found] = await sql.execute<{ isOwn: boolean | null; path: string }>(
    `select to_regclass($1) = to_regclass($2) as "isOwn", current_setting('search_path') as path`,
    [quoteIdentifier(mapping.table.name), quoteTable(mapping.table)],
  );
  if (found?.isOwn === true) return;
  throw new BackstoryError(
    'COMMAND_REFUSED',
    `The command is one of the tenant "${tenant}", and with the search_path of its transaction, ${found?.path ?? ''}, "${mapping.table.name}" is another table.`,
    `Pass a transaction whose search_path begins with "${tenant}", or none: the command then has one of its own.`,
  );
}
