import { quoteIdentifier, type SqlExecutor } from '../../database/index.js';
import { stateTables } from '../grants.js';
import type { Finding } from '../finding.js';

/** Rights with which somebody else than its owner could write, change or remove what the log holds. */
export async function rightsTooMany(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const rows = await sql.execute<{ role: string; rights: string; tables: string }>(
    `select role, string_agg(distinct right_, ', ') as rights, string_agg(distinct table_, ', ') as tables
     from (
       select coalesce(g.rolname, 'PUBLIC') as role, a.privilege_type as right_, c.relname as table_
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       cross join lateral aclexplode(c.relacl) a left join pg_roles g on g.oid = a.grantee
       where n.nspname = $1 and c.relkind = 'r' and a.grantee <> c.relowner and a.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER')
         and (c.relname <> all ($2::text[]) or a.grantee = 0)) granted
     group by role order by role`,
    [schema, stateTables],
  );
  return rows.map(({ role, rights, tables }) => ({
    severity: 'hint',
    problem: `${role === 'PUBLIC' ? 'everybody' : `the role ${quoteIdentifier(role)}`} has ${rights} on ${tables} of schema "${schema}", with which history can be written without a change`,
    remedy:
      role === 'PUBLIC'
        ? `REVOKE ALL ON ALL TABLES IN SCHEMA ${quoteIdentifier(schema)} FROM PUBLIC;`
        : `npx backstory grants --app ${role} --apply, as the owner of the tables; or --reader, if it only reads`,
  }));
}
