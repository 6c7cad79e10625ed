import { quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import type { Finding } from '../finding.js';

/**
 * Roles that have rights of their own here and are members of another that may more: a reader of who writes, or any of who owns the log.
 * Whoever has the password of the one is the other.
 */
export async function rolesOfOthers(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const rows = await sql.execute<{ role: string; other: string }>(
    `with tables as (select c.relname, c.relowner, c.relacl from pg_class c where c.relnamespace = $1::regnamespace and c.relkind = 'r'),
     granted as (
       select distinct a.grantee as oid, t.relname in ('consumers') and a.privilege_type = 'INSERT' as writes
       from tables t cross join lateral aclexplode(t.relacl) a where a.grantee <> t.relowner and a.grantee <> 0),
     roles as (select oid, bool_or(writes) as writes from granted group by oid),
     more as (
       select oid, false as owns from roles where writes
       union select relowner, true from tables where relname = 'events')
     select r.rolname as role, o.rolname as other
     from roles join pg_roles r using (oid) cross join more join pg_roles o on o.oid = more.oid
     where not r.rolsuper and r.oid <> o.oid and (more.owns or not roles.writes) and pg_has_role(r.oid, o.oid, 'member') order by 1, 2`,
    [quoteIdentifier(schema)],
  );
  return rows.map(({ role, other }) => ({
    severity: 'hint',
    problem: `the role ${quoteIdentifier(role)} is a member of ${quoteIdentifier(other)}, and may do in schema "${schema}" all that that one may`,
    remedy: `REVOKE ${quoteIdentifier(other)} FROM ${quoteIdentifier(role)};`,
  }));
}
