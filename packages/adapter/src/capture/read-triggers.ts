import type { SqlExecutor } from '../database/index.js';

/** A trigger on a table of the application whose function is in Backstory's schema. */
export interface TableTrigger {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  /** Whether it fires in an ordinary session: one that is enabled for replicas alone doesn't. */
  readonly enabled: boolean;
  readonly forEachRow: boolean;
  readonly functionName: string;
  /** It came along with that of a table above. */
  readonly inherited: boolean;
}

/** All triggers by which tables are captured, found by their functions: also on tables that no aggregate is bound to any more. */
export function readTriggers(sql: SqlExecutor, schema: string): Promise<TableTrigger[]> {
  return sql.execute<TableTrigger>(
    `select g.tgrelid as oid, tn.nspname as schema, t.relname as table, g.tgname as name, g.tgenabled in ('O', 'A') as enabled,
            g.tgtype & 1 = 1 as "forEachRow", p.proname as "functionName", g.tgparentid <> 0 as inherited
     from pg_trigger g join pg_proc p on p.oid = g.tgfoid
     join pg_class t on t.oid = g.tgrelid join pg_namespace tn on tn.oid = t.relnamespace
     where p.pronamespace = (select oid from pg_namespace where nspname = $1) and starts_with(p.proname, 'capture_') and not g.tgisinternal`,
    [schema],
  );
}
