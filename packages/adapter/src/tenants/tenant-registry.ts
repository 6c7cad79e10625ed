import {
  type Database,
  quoteIdentifier,
  quoteLiteral,
  sqlState,
  type SqlExecutor,
} from '../database/index.js';
import { BackstoryError } from '../errors.js';

/** A tenant's history, and a number that grows with every change of where its aggregates stand or of how they are captured. */
export interface RegisteredHistory {
  readonly schema: string;
  readonly tenant: string;
  readonly version: string;
}

const trigger = 'backstory_tenants_changed';

/** The tables of a history whose changes every instance has to see. */
const watched = ['stages', 'aggregates'] as const;

/**
 * The histories of all tenants in one small table, so that an instance sees what has changed with one query, however many there
 * are. A history's own tables keep it up to date, whoever writes them.
 */
export class TenantRegistry {
  private readonly table: string;

  constructor(
    private readonly database: Database,
    /** PostgreSQL schema of the registry. */
    readonly schema: string,
  ) {
    this.table = `${quoteIdentifier(schema)}.histories`;
  }

  /** Creates what is missing. Instances that start at once take turns. */
  private async install(): Promise<void> {
    if (await this.isThere()) return;
    const name = quoteIdentifier(this.schema);
    await this.database.transaction(async (sql) => {
      await sql.execute(`select pg_advisory_xact_lock(hashtext('backstory tenants'), hashtext($1))`, [
        this.schema,
      ]);
      const [exists] = await sql.execute(`select from pg_namespace where nspname = $1`, [this.schema]);
      if (!exists) await sql.execute(`create schema ${name}`);
      await sql.execute(
        `create table if not exists ${this.table} (schema text primary key, tenant text not null, version bigint not null default 0)`,
      );
      await sql.execute(`create or replace function ${name}.history_changed() returns trigger
        language plpgsql security definer set search_path = pg_catalog, pg_temp as $$ begin
          update ${this.table} set version = version + 1 where schema = tg_table_schema;
          return null;
        end $$`);
    });
  }

  /** Says what a missing right keeps from being done, and passes everything else on. */
  private refuse(error: unknown, what: string, remedy: string): never {
    if (sqlState(error) !== '42501') throw error;
    throw new BackstoryError(
      'CAPTURE_REFUSED',
      `This database role may not ${what} the table of all tenants, in schema "${this.schema}": ${(error as Error).message}.`,
      remedy,
      { cause: error },
    );
  }

  private async isThere(): Promise<boolean> {
    const [found] = await this.database.execute(
      `select from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = $1 and p.proname = 'history_changed'`,
      [this.schema],
    );
    return found !== undefined;
  }

  /** The version of a history whose changes are seen; undefined for one that isn't in the registry. */
  async version(schema: string): Promise<string | undefined> {
    if (!(await this.isThere())) return undefined;
    const [row] = await this.database
      .execute<{ version: string }>(`select version::text from ${this.table} where schema = $1`, [schema])
      .catch((error: unknown) =>
        this.refuse(
          error,
          'read',
          `GRANT USAGE ON SCHEMA ${quoteIdentifier(this.schema)} TO …; GRANT SELECT ON ${this.table} TO …;`,
        ),
      );
    return row && (await missingTriggers(this.database, schema)).length === 0 ? row.version : undefined;
  }

  /** Takes in a history, whose own tables are there. */
  async add(schema: string, tenant: string): Promise<void> {
    await this.insert(schema, tenant).catch((error: unknown) =>
      this.refuse(error, 'write', `Run "npx backstory install --tenants ${tenant}" as a role that may.`),
    );
  }

  private async insert(schema: string, tenant: string): Promise<void> {
    await this.install();
    await this.database.transaction(async (sql) => {
      await sql.execute(`select pg_advisory_xact_lock(hashtext('backstory tenants'), hashtext($1))`, [
        schema,
      ]);
      for (const table of await missingTriggers(sql, schema)) {
        await sql.execute(`create trigger ${trigger} after insert or update or delete
          on ${quoteIdentifier(schema)}.${table} for each statement
          execute function ${quoteIdentifier(this.schema)}.history_changed()`);
      }
      await sql.execute(
        `insert into ${this.table} (schema, tenant) values ($1, $2)
         on conflict (schema) do update set tenant = $2, version = histories.version + 1`,
        [schema, tenant],
      );
    });
  }

  /** All that are still there; none before the first. */
  async histories(): Promise<readonly RegisteredHistory[]> {
    return (await this.isThere()) ? (await this.read()).histories : [];
  }

  /**
   * All that are still there, in one query, and a number that changes when a table gets partitions or loses some: of which reads may be
   * replayed depends on that.
   */
  async read(): Promise<{ histories: readonly RegisteredHistory[]; partitions: string }> {
    const [row] = await this.database.execute<{ histories: RegisteredHistory[]; partitions: string }>(
      `select (select coalesce(jsonb_agg(jsonb_build_object('schema', schema, 'tenant', tenant, 'version', version::text)), '[]')
               from ${this.table} where exists (select from pg_namespace where nspname = schema)) as histories,
              (select coalesce(sum(hashint8(inhrelid::bigint)), 0)::text from pg_inherits) as partitions`,
    );
    return row as { histories: RegisteredHistory[]; partitions: string };
  }
}

async function missingTriggers(sql: SqlExecutor, schema: string): Promise<string[]> {
  const rows = await sql.execute<{ name: string }>(
    `select wanted.name from unnest(array[${watched.map(quoteLiteral).join(', ')}]) as wanted (name)
     where not exists (
       select from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = $1 and c.relname = wanted.name and g.tgname = '${trigger}' and g.tgenabled in ('O', 'A'))`,
    [schema],
  );
  return rows.map(({ name }) => name);
}
