import { ownersAlone, quoteIdentifier, type SqlExecutor, stateTables } from '../../database/index.js';
import type { Finding } from '../finding.js';

interface Granted {
  readonly role: string;
  readonly rights: string;
  readonly names: string;
}

/** What one entry of an ACL grants, and to whom. */
const grantee = `coalesce(g.rolname, 'PUBLIC') as role, a.privilege_type as right_`;

/**
 * Rights that somebody else has than the owner: with which they could write, change or remove what the log holds, or read what nobody
 * else may; also of single columns, of the schema, and of functions that erase, give keys or leave no events.
 */
export async function rightsTooMany(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const writing = await granted(
    sql,
    schema,
    `a.privilege_type in ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER') and (name <> all ($2::text[]) or a.grantee = 0)`,
    stateTables,
  );
  const reading = await granted(sql, schema, `a.privilege_type = 'SELECT' and name = any ($2::text[])`, [
    ...ownersAlone,
  ]);
  return [
    ...writing.map((each) =>
      finding(each, `schema "${schema}", with which history can be written without a change`, schema),
    ),
    ...reading.map((each) =>
      finding(
        each,
        `schema "${schema}", which nobody but its owner reads: it tells what was erased, or keeps keys past it`,
        schema,
      ),
    ),
    ...(await creating(sql, schema)),
    ...(await calling(sql, schema)),
  ];
}

function finding({ role, rights, names }: Granted, what: string, schema: string): Finding {
  const name = quoteIdentifier(schema);
  return {
    severity: 'hint',
    problem: `${who(role)} has ${rights} on ${names} of ${what}`,
    remedy:
      role === 'PUBLIC'
        ? `REVOKE ALL ON ALL TABLES IN SCHEMA ${name} FROM PUBLIC;`
        : `npx backstory grants --app ${role} --apply, as the owner of the tables; or --reader, if it only reads`,
  };
}

function who(role: string): string {
  return role === 'PUBLIC' ? 'everybody' : `the role ${quoteIdentifier(role)}`;
}

/** On tables, or on columns of them. */
function granted(
  sql: SqlExecutor,
  schema: string,
  condition: string,
  tables: readonly string[],
): Promise<Granted[]> {
  return sql.execute<Granted>(
    `with held as (
       select c.relname as name, c.relowner, c.relacl as acl from pg_class c where c.relnamespace = $1::regnamespace and c.relkind = 'r'
       union all
       select c.relname, c.relowner, t.attacl from pg_class c join pg_attribute t on t.attrelid = c.oid and not t.attisdropped
       where c.relnamespace = $1::regnamespace and c.relkind = 'r' and t.attacl is not null)
     select role, string_agg(distinct right_, ', ') as rights, string_agg(distinct name, ', ') as names
     from (select ${grantee}, name from held cross join lateral aclexplode(acl) a left join pg_roles g on g.oid = a.grantee
           where a.grantee <> relowner and ${condition}) x
     group by role order by role`,
    [quoteIdentifier(schema), tables],
  );
}

/** Who makes a function or a table there may be called in place of another. */
async function creating(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const rows = await sql.execute<Pick<Granted, 'role'>>(
    `select ${grantee} from pg_namespace n cross join lateral aclexplode(n.nspacl) a left join pg_roles g on g.oid = a.grantee
     where n.oid = $1::regnamespace and a.privilege_type = 'CREATE' and a.grantee <> n.nspowner
       and a.grantee <> (select c.relowner from pg_class c where c.relnamespace = n.oid and c.relname = 'events') order by role`,
    [quoteIdentifier(schema)],
  );
  return rows.map(({ role }) => ({
    severity: 'hint',
    problem: `${who(role)} may create tables and functions in schema "${schema}"`,
    remedy: `REVOKE CREATE ON SCHEMA ${quoteIdentifier(schema)} FROM ${role === 'PUBLIC' ? role : quoteIdentifier(role)};`,
  }));
}

/** Beside applications, to which `grants --erase`, `--untracked` and `--encrypt` give it: on purpose, perhaps, such as to receivers. */
async function calling(sql: SqlExecutor, schema: string): Promise<Finding[]> {
  const rows = await sql.execute<Pick<Granted, 'role' | 'names'>>(
    `select role, string_agg(distinct name, ', ') as names from (
       select ${grantee}, p.proname as name from pg_proc p
       cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a left join pg_roles g on g.oid = a.grantee
       where p.pronamespace = $1::regnamespace and a.grantee <> p.proowner
         and p.proname in ('erase_events', 'destroy_subject_keys', 'subject_keys_of', 'keep_subject_keys', 'begin_untracked')
         and not exists (
           select from pg_class c cross join lateral aclexplode(c.relacl) w
           where c.relnamespace = $1::regnamespace and c.relname = 'consumers' and w.grantee = a.grantee and w.privilege_type = 'INSERT')) x
     group by role order by role`,
    [quoteIdentifier(schema)],
  );
  return rows.map(({ role, names }) => ({
    severity: 'hint',
    problem: `${who(role)} may call ${names} of schema "${schema}": that erases values, deletes rows without events, or gives the keys of subjects`,
    remedy: `If it isn't meant to: REVOKE EXECUTE ON FUNCTION ${names
      .split(', ')
      .map((each) => `${quoteIdentifier(schema)}.${each}`)
      .join(', ')} FROM ${role === 'PUBLIC' ? role : quoteIdentifier(role)};`,
  }));
}
