import { BackstoryError } from '../errors.js';
import { sqlState } from './retry.js';
import type { SqlExecutor } from './sql-executor.js';

/** In English whatever language the server speaks. */
interface ServerError extends Error {
  readonly code?: string;
  readonly routine?: string;
}

/**
 * What a statement of ours was refused for, in words that name role, table and remedy: rows behind a policy, a missing right,
 * a server that takes no writes. Anything else comes back as it is. Asks the server, so it is for after the rollback.
 */
export async function explainRefusal(error: unknown, sql: SqlExecutor): Promise<unknown> {
  if (BackstoryError.is(error)) return error;
  const { routine, message } = error as ServerError;
  const state = sqlState(error);
  if (state === '25006') return readOnlyServer(`This server is read-only: ${message}`, error);
  if (state !== '42501') return error;
  const explain = routine === 'check_enable_rls' ? rowsHidden : rightsMissing;
  // where the server doesn't say more, its own word stands
  return explain(error as ServerError, sql).catch(() => error);
}

/** Nothing can be written here: a standby, or a server or role with `default_transaction_read_only`. */
export function readOnlyServer(problem: string, cause?: unknown): BackstoryError {
  return new BackstoryError(
    'READ_ONLY_SERVER',
    `${problem}.`,
    'Run it on the primary: name that in the DataSource. Where this is the primary, see default_transaction_read_only of the server, the database and the role.',
    { cause },
  );
}

interface Named {
  /** Null where not this role is meant. */
  readonly role: string | null;
  readonly tables: readonly { readonly name: string; readonly columns: readonly string[] | null }[];
}

/** What the message names, whatever quotes its language puts around it: the longest name first. */
const tablesNamed = `select c.oid, c.relname, c.oid::regclass::text as name from pg_class c
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and position(c.relname in $1) > 0 and length(c.relname) = (
    select max(length(o.relname)) from pg_class o where o.relkind in ('r', 'p', 'v', 'm', 'f') and position(o.relname in $1) > 0)`;

async function rowsHidden(error: ServerError, sql: SqlExecutor): Promise<unknown> {
  const [found] = await sql.execute<Named>(
    `select case when bool_or(row_security_active(t.oid)) then current_user::text end as role,
       coalesce(jsonb_agg(jsonb_build_object('name', t.name)), '[]') as tables
     from (${tablesNamed}) t where (select relrowsecurity from pg_class where oid = t.oid)`,
    [error.message],
  );
  const { role, tables = [] } = found ?? {};
  return hiddenRows(role ?? null, tables.map(({ name }) => name).join(', ') || 'a table', error);
}

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

async function rightsMissing(error: ServerError, sql: SqlExecutor): Promise<unknown> {
  const [found] = await sql.execute<Named>(
    `select current_user::text as role, coalesce(jsonb_agg(jsonb_build_object('name', t.name, 'columns', l.columns)), '[]') as tables
     from (${tablesNamed}) t
     cross join lateral (
       select case when bool_or(has_column_privilege(t.oid, a.attnum, 'select'))
         then jsonb_agg(quote_ident(a.attname) order by a.attnum) filter (where not has_column_privilege(t.oid, a.attnum, 'select')) end as columns
       from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped) l
     where not has_table_privilege(t.oid, 'select')`,
    [error.message],
  );
  const { role = null, tables = [] } = found ?? {};
  if (tables.length === 0) return error;
  const lacking = tables.map(({ name, columns }) => ({
    said: columns ? `columns ${columns.join(', ')} of ${name}` : name,
    grant: `GRANT SELECT${columns ? ` (${columns.join(', ')})` : ''} ON ${name} TO "${role}";`,
  }));
  return new BackstoryError(
    'RIGHTS_MISSING',
    `Role "${role}" may not read ${lacking.map(({ said }) => said).join(', ')}: ${error.message}.`,
    `As the owner: ${lacking.map(({ grant }) => grant).join(' ')}`,
    { cause: error },
  );
}
