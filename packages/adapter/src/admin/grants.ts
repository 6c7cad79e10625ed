import { ownersAlone, quoteIdentifier, type SqlExecutor, stateTables } from '../database/index.js';
import { BackstoryError } from '../errors.js';

/** Who works with a history, beside the role that owns it. */
export interface GrantedRoles {
  /** The application's: reads everything, runs consumers, shadow reads, verify and stages. Writes events by changing rows only. */
  readonly app?: string;
  /** Whether the application may erase values of events, too. @defaultValue false */
  readonly mayErase?: boolean;
  /** Whether the application may delete rows without an event for each. @defaultValue false */
  readonly mayLeaveUntracked?: boolean;
  /** Whether its relays may encrypt: make keys of subjects, and read those that they name. @defaultValue false */
  readonly mayEncrypt?: boolean;
  /** One that only looks. */
  readonly reader?: string;
}

interface Grants {
  /** What makes the roles' rights exactly what they need, in order. */
  readonly statements: readonly string[];
  /** What no grant can keep a role from, in words: it owns the log, or may become who does. */
  readonly unbound: readonly string[];
}

/** Functions that run with their owner's rights and are safe for an application: what they do was decided when they were made. */
const forApplications: readonly string[] = [
  'rebind',
  'settle',
  'epoch_now',
  'known_epochs',
  'note_incarnation',
  'begin_epoch',
  'log_end',
  'append_events',
  'hold_stream_end',
  'claim_command',
  'settle_command',
  'explain_pending',
  'has_subject_keys',
  'settle_capture_failures',
];

/** What trigger functions call with the rights of who owns the log, and nobody else may. */
const forCapture: readonly string[] = ['may_go_on', 'note_capture_failure'];

/**
 * The statements that give roles what they need in Backstory's schema and take away what they don't. Run as the owner of its tables.
 * @throws BackstoryError where a role isn't there
 */
export async function grantsFor(sql: SqlExecutor, schema: string, roles: GrantedRoles): Promise<Grants> {
  const named = [roles.app, roles.reader].filter((role) => role !== undefined);
  await requireRoles(sql, named);
  const name = quoteIdentifier(schema);
  const { read, definer, captures, owners } = await functionsOf(sql, schema, [
    ...forApplications,
    ...(roles.mayErase ? ['erase_events', 'hold_archived_stream', 'destroy_subject_keys'] : []),
    ...(roles.mayLeaveUntracked ? ['begin_untracked', 'end_untracked'] : []),
    ...(roles.mayEncrypt ? ['subject_keys_of', 'keep_subject_keys'] : []),
  ]);
  const statements = [
    `REVOKE ALL ON ALL TABLES IN SCHEMA ${name} FROM PUBLIC`,
    `REVOKE ALL ON ALL ROUTINES IN SCHEMA ${name} FROM PUBLIC`,
  ];
  // who has made trigger functions without owning the rest: they call these when the application writes
  for (const owner of owners)
    statements.push(
      `GRANT EXECUTE ON ROUTINE ${[...read, ...captures].join(', ')} TO ${quoteIdentifier(owner)}`,
    );
  for (const role of named.map(quoteIdentifier)) {
    statements.push(
      `REVOKE ALL ON ALL TABLES IN SCHEMA ${name} FROM ${role}`,
      `REVOKE ALL ON ALL SEQUENCES IN SCHEMA ${name} FROM ${role}`,
      `REVOKE ALL ON ALL ROUTINES IN SCHEMA ${name} FROM ${role}`,
      `REVOKE ALL ON SCHEMA ${name} FROM ${role}`,
      `GRANT USAGE ON SCHEMA ${name} TO ${role}`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA ${name} TO ${role}`,
      `REVOKE ALL ON ${ownersAlone.map((table) => `${name}.${table}`).join(', ')} FROM ${role}`,
      `GRANT EXECUTE ON ROUTINE ${read.join(', ')} TO ${role}`,
    );
  }
  if (roles.app !== undefined) {
    const app = quoteIdentifier(roles.app);
    const tables = stateTables.map((table) => `${name}.${quoteIdentifier(table)}`).join(', ');
    statements.push(
      `GRANT INSERT, UPDATE, DELETE ON ${tables} TO ${app}`,
      `GRANT SELECT ON ALL SEQUENCES IN SCHEMA ${name} TO ${app}`,
      `GRANT EXECUTE ON ROUTINE ${definer.join(', ')} TO ${app}`,
    );
  }
  return { statements, unbound: await unbound(sql, schema, named) };
}

async function functionsOf(
  sql: SqlExecutor,
  schema: string,
  allowed: readonly string[],
): Promise<{ read: string[]; definer: string[]; captures: string[]; owners: string[] }> {
  const rows = await sql.execute<{ call: string; name: string; definer: boolean }>(
    `select format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)) as call,
            p.proname as name, p.prosecdef as definer
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = $1 and p.prorettype <> 'trigger'::regtype order by 1`,
    [schema],
  );
  if (rows.length === 0) {
    throw new BackstoryError(
      'NOT_INSTALLED',
      `There is no Backstory in schema "${schema}" of this database.`,
      'Run "npx backstory install" first: rights are given on tables and functions that are there.',
    );
  }
  const owners = await sql.execute<{ owner: string }>(
    `select distinct r.rolname as owner from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     join pg_roles r on r.oid = p.proowner
     where n.nspname = $1 and starts_with(p.proname, 'capture_') and p.proowner <> (
       select c.relowner from pg_class c where c.relnamespace = n.oid and c.relname = 'events')`,
    [schema],
  );
  return {
    owners: owners.map(({ owner }) => owner),
    read: rows.filter(({ definer }) => !definer).map(({ call }) => call),
    captures: rows.filter(({ name }) => forCapture.includes(name)).map(({ call }) => call),
    definer: rows.filter(({ definer, name }) => definer && allowed.includes(name)).map(({ call }) => call),
  };
}

async function requireRoles(sql: SqlExecutor, named: readonly string[]): Promise<void> {
  const there = await sql.execute<{ name: string }>(
    `select rolname as name from pg_roles where rolname = any ($1::text[])`,
    [named],
  );
  const missing = named.filter((role) => !there.some(({ name }) => name === role));
  if (missing.length === 0) return;
  throw new BackstoryError(
    'INVALID_OPTIONS',
    `There is no role ${missing.map((role) => `"${role}"`).join(' or ')} on this server.`,
    `Create it first: CREATE ROLE ${quoteIdentifier(missing[0] ?? '')} LOGIN PASSWORD '…';`,
  );
}

async function unbound(sql: SqlExecutor, schema: string, named: readonly string[]): Promise<string[]> {
  const rows = await sql.execute<{ role: string; super: boolean; owns: boolean }>(
    `select r.rolname as role, r.rolsuper as super, pg_has_role(r.oid, c.relowner, 'member') as owns
     from pg_roles r, pg_class c join pg_namespace n on n.oid = c.relnamespace
     where r.rolname = any ($1::text[]) and n.nspname = $2 and c.relname = 'events'`,
    [named, schema],
  );
  return rows.flatMap(({ role, super: isSuper, owns }) => {
    if (!isSuper && !owns) return [];
    const why = isSuper ? 'is a superuser' : "owns Backstory's tables, or may become who does";
    return [
      `"${role}" ${why}: it can write, change and remove events, and no grant keeps it from that. Let the tables belong to a role that only deployments use.`,
    ];
  });
}
