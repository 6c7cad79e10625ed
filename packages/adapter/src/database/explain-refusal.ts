import { BackstoryError } from '../errors.js';
import { hiddenRows } from './hidden-rows.js';
import { readOnlyServer } from './read-only-server.js';
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

interface Hidden {
  /** Null where not this role is meant. */
  readonly role: string | null;
  readonly tables: string | null;
}

/** Of the relations for which a condition holds, the one that the message names, whatever quotes its language has: the longest name. */
function named(condition: string): string {
  return `with named as (
      select c.oid, c.relname, c.oid::regclass::text as name from pg_class c
      where c.relkind in ('r', 'p', 'v', 'm', 'f') and position(c.relname in $1) > 0 and (${condition}))
    , t as (select * from named where length(relname) = (select max(length(relname)) from named))`;
}

async function rowsHidden(error: ServerError, sql: SqlExecutor): Promise<unknown> {
  const [found] = await sql.execute<Hidden>(
    `${named('c.relrowsecurity')}
     select case when bool_or(row_security_active(t.oid)) then current_user::text end as role, string_agg(t.name, ', ') as tables
     from t`,
    [error.message],
  );
  return hiddenRows(found?.role ?? null, found?.tables ?? 'a table', error);
}

interface Lacking {
  readonly role: string;
  readonly name: string;
  /** That it may not read, where it may read others. */
  readonly columns: string | null;
  /** Of the table; those of some columns only are lacking, too. */
  readonly rights: string;
}

/** A missing SELECT is what the statement has wanted first; where that is there, it is one of the others. */
async function rightsMissing(error: ServerError, sql: SqlExecutor): Promise<unknown> {
  const lacks = (right: string): string => `not has_table_privilege(c.oid, '${right}')`;
  const [lacking] = await sql.execute<Lacking>(
    `${named(['select', 'insert', 'update', 'delete'].map(lacks).join(' or '))}
     select current_user::text as role, t.name, l.columns,
       case when l.unreadable then 'SELECT'
         else (select string_agg(r, ', ') from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE']) r where not has_table_privilege(t.oid, r)) end as rights
     from t cross join lateral (
       select bool_or(not may) as unreadable, case when bool_or(may) then string_agg(name, ', ') filter (where not may) end as columns
       from (
         select quote_ident(a.attname) as name, has_column_privilege(t.oid, a.attnum, 'select') as may
         from pg_attribute a where a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped order by a.attnum) a) l`,
    [error.message],
  );
  if (!lacking) return error;
  const { role, name, columns, rights } = lacking;
  const those = columns === null ? '' : ` (${columns})`;
  return new BackstoryError(
    'RIGHTS_MISSING',
    `Role "${role}" lacks ${rights}${those} on ${name}: ${error.message}.`,
    `As the owner: GRANT ${rights}${those} ON ${name} TO "${role}";${rights === 'SELECT' ? '' : ' or what is needed of it: rows are locked with UPDATE, and only repair with the events as the truth inserts and deletes.'}`,
    { cause: error },
  );
}
