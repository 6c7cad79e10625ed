import type { SqlExecutor } from '../database/index.js';

/** A table of Backstory's own of which policies may hide rows from this role. */
export interface HiddenTable {
  readonly role: string;
  /** With its schema, quoted. */
  readonly table: string;
}

/** Events that a role doesn't see are passed by for ever: nothing of Backstory may run as such a role. */
export function hiddenOwnTables(sql: SqlExecutor, schema: string): Promise<HiddenTable[]> {
  return sql.execute<HiddenTable>(
    `select current_user::text as role, c.oid::regclass::text as table
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relkind in ('r', 'p') and row_security_active(c.oid) order by c.relname`,
    [schema],
  );
}
