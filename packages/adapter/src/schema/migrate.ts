import { quoteIdentifier, quoteLiteral, type Database, type SqlExecutor } from '../database/index.js';
import { BackstoryError } from '../errors.js';
import { migrations } from './generated/migrations.js';
import { migrationSql } from './migration-sql.js';

/** One lock for everything that changes Backstory's own tables and triggers in this database and schema. */
export async function lockInstallation(sql: SqlExecutor, schema: string): Promise<void> {
  await sql.execute(`select pg_advisory_xact_lock(hashtext('backstory install'), hashtext($1))`, [schema]);
}

/** Numbers of the migrations that are missing; all of them when nothing is installed. */
export async function pendingMigrations(sql: SqlExecutor, schema: string): Promise<number[]> {
  if (!(await hasLedger(sql, schema))) return migrations.map(({ id }) => id);
  const rows = await sql.execute<{ id: number }>(`select id from ${quoteIdentifier(schema)}.migrations`);
  const applied = new Set(rows.map(({ id }) => id));
  const newest = Math.max(0, ...applied);
  if (newest > migrations.length) {
    throw new BackstoryError(
      'SCHEMA_TOO_NEW',
      `Schema "${schema}" was installed by a newer version of Backstory (migration ${newest}, this one knows ${migrations.length}).`,
      'Upgrade @backstory/adapter in this application.',
    );
  }
  return migrations.map(({ id }) => id).filter((id) => !applied.has(id));
}

/** Reads the catalogue's tables: `to_regclass` may answer from a cache of before the installation lock was waited for. */
async function hasLedger(sql: SqlExecutor, schema: string): Promise<boolean> {
  const [ledger] = await sql.execute(
    `select from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = $1 and relname = 'migrations'`,
    [schema],
  );
  return ledger !== undefined;
}

/**
 * Creates or upgrades Backstory's own tables. Safe when several instances start at once:
 * they take turns, and all but the first find nothing to do.
 */
export async function migrate(database: Database, schema: string): Promise<number[]> {
  return database.transaction(async (sql) => {
    await lockInstallation(sql, schema);
    const pending = await pendingMigrations(sql, schema);
    if (pending.length === 0) return pending;
    const quoted = quoteIdentifier(schema);
    // Not "if not exists", which asks for the right to create schemas even where a DBA has made this one.
    const [exists] = await sql.execute(`select from pg_namespace where nspname = $1`, [schema]);
    if (!exists) await sql.execute(`create schema ${quoted}`);
    await sql.execute(
      `create table if not exists ${quoted}.migrations (
         id integer primary key, name text not null, applied_at timestamptz not null default now())`,
    );
    for (const migration of migrations.filter(({ id }) => pending.includes(id))) {
      // one round trip for each
      await sql.execute(
        `insert into ${quoted}.migrations (id, name) values (${migration.id}, ${quoteLiteral(migration.name)});
         ${migrationSql(migration.sql, schema)}`,
      );
    }
    await keepTriggerFunctions(sql, schema);
    return pending;
  });
}

/** Who may execute a trigger function may hang it on a table of their own. To fire one needs no right. */
async function keepTriggerFunctions(sql: SqlExecutor, schema: string): Promise<void> {
  const [own] = await sql.execute<{ functions: string | null }>(
    `select string_agg(p.oid::regprocedure::text, ', ') as functions
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace
     where n.nspname = $1 and p.prorettype = 'trigger'::regtype and pg_has_role(p.proowner, 'usage')`,
    [schema],
  );
  if (own?.functions) await sql.execute(`revoke execute on function ${own.functions} from public`);
}
