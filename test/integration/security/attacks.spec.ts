import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBackstory } from '@backstory/adapter';
import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Client } from 'pg';
import { DataSource, EntitySchema } from 'typeorm';
import { runCommand } from '../../library/run-command.js';

const Account = new EntitySchema<{ id: number; owner: string; balance: number }>({
  name: 'Account',
  columns: {
    id: { type: 'int', primary: true, generated: true },
    owner: { type: 'text' },
    balance: { type: 'int', default: 0 },
  },
});

const docs = readFileSync(join(__dirname, '../../../docs/security.md'), 'utf8');
/** What the page says that the application may write. */
const stateTables = [
  ...(/\| `--app`[^|]*\|[^|]*?write ((?:`\w+`,? ?)+)/.exec(docs)?.[1] ?? '').matchAll(/`(\w+)`/g),
].map(([, name]) => name as string);

/** And which functions it may call that run with their owner's rights. */
const functionsOfTheApplication = [...(/call ((?:`\w+`,? ?)+)/.exec(docs)?.[1] ?? '').matchAll(/`(\w+)`/g)]
  .map(([, name]) => name as string)
  .sort();

type Role = 'app' | 'reader' | 'stranger';

describe('roles that try everything', () => {
  const suffix = `${process.pid}_${Date.now()}`;
  const names: Record<Role, string> = {
    app: `app_${suffix}`,
    reader: `reader_${suffix}`,
    stranger: `stranger_${suffix}`,
  };
  let database: TestDatabase;
  let owner: DataSource;
  const clients = {} as Record<Role, Client>;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = await new DataSource({
      type: 'postgres',
      url: database.url,
      entities: [Account],
      synchronize: true,
    }).initialize();
    const backstory = await createBackstory(owner);
    await owner.query(`insert into account (owner, balance) values ('a', 10), ('b', 20)`);
    await backstory.backfill();
    await backstory.verify();
    await backstory.close();
    for (const name of Object.values(names)) {
      await owner.query(
        `create role ${name} login password 'x'; grant create, usage on schema public to ${name};
         grant temporary on database ${(owner.options as { database?: string }).database ?? new URL(database.url).pathname.slice(1)} to ${name}`,
      );
    }
    await owner.query(
      `grant select, insert, update, delete on account to ${names.app}; grant usage on all sequences in schema public to ${names.app};
       create foreign data wrapper nowhere; create server nowhere foreign data wrapper nowhere;
       grant usage on foreign server nowhere to ${Object.values(names).join(', ')}`,
    );
    process.env['ATTACKED_URL'] = database.url;
    const granted = await runCommand(
      ...['grants', '--app', names.app, '--reader', names.reader, '--apply'],
      ...['--data-source', join(__dirname, 'attacked-data-source.ts')],
    );
    expect(granted).toMatchObject({ code: 0, err: '' });
    for (const role of ['app', 'reader', 'stranger'] as const) {
      const url = new URL(database.url);
      url.username = names[role];
      url.password = 'x';
      clients[role] = new Client({ connectionString: url.href });
      await clients[role].connect();
    }
  });

  afterAll(async () => {
    for (const client of Object.values(clients)) await client.end();
    await owner.query(`drop foreign data wrapper nowhere cascade`);
    for (const name of Object.values(names)) await owner.query(`drop owned by ${name}; drop role ${name}`);
    await owner.destroy();
    await database.drop();
  });

  /** Whether PostgreSQL let it happen; it is undone in any case. */
  async function succeeds(role: Role, ...statements: string[]): Promise<boolean> {
    const client = clients[role];
    await client.query('begin');
    try {
      for (const statement of statements) await client.query(statement);
      await client.query('set constraints all immediate');
      return true;
    } catch (error) {
      // its right was enough: what ends it is that there are no rows to come
      return (error as Error).message.includes('No source stream defined');
    } finally {
      await client.query('rollback');
    }
  }

  const tables = async (): Promise<string[]> =>
    (
      await owner.query(
        `select relname as name from pg_class where relnamespace = 'backstory'::regnamespace and relkind in ('r', 'v', 'p') order by 1`,
      )
    ).map(({ name }: { name: string }) => name);

  const columnsOf = async (table: string): Promise<string[]> =>
    (
      await owner.query(
        `select quote_ident(attname) as name from pg_attribute where attrelid = format('backstory.%I', $1::text)::regclass and attnum > 0 and not attisdropped order by attnum`,
        [table],
      )
    ).map(({ name }: { name: string }) => name);

  it.each(['app', 'reader', 'stranger'] as const)('%s: on tables', async (role) => {
    const written = new Set<string>();
    const read = new Set<string>();
    for (const table of await tables()) {
      const column = (await columnsOf(table)).at(-1) ?? '';
      const path = `backstory.${table}`;
      if (await succeeds(role, `select from ${path}`)) read.add(table);
      const attempts = {
        insert: `insert into ${path} overriding system value select * from ${path} where false`,
        update: `update ${path} set ${column} = ${column} where false`,
        delete: `delete from ${path} where false`,
        truncate: `truncate ${path}`,
        copy: `copy ${path} from stdin`,
        trigger: `create trigger own before insert on ${path} for each row execute function suppress_redundant_updates_trigger()`,
        disable: `alter table ${path} disable trigger all`,
        own: `alter table ${path} owner to current_user`,
        drop: `drop table ${path}`,
        policy: `alter table ${path} enable row level security`,
        rename: `alter table ${path} rename to forged`,
      };
      for (const [attempt, statement] of Object.entries(attempts))
        if (await succeeds(role, statement)) written.add(`${attempt} ${table}`);
    }
    const sealed = ['seal_blocks', 'event_commitments', 'subject_keys'];
    expect([...read].sort()).toEqual(
      role === 'stranger' ? [] : (await tables()).filter((table) => !sealed.includes(table)).sort(),
    );
    const allowed = role === 'app' ? stateTables : [];
    expect([...written].sort()).toEqual(
      allowed
        .flatMap((table) => ['copy', 'delete', 'insert', 'update'].map((verb) => `${verb} ${table}`))
        .sort(),
    );
    expect(stateTables.length).toBeGreaterThan(5);
  });

  it.each(['app', 'reader', 'stranger'] as const)('%s: on functions', async (role) => {
    const functions: { call: string; name: string; kind: string; definer: boolean; trigger: boolean }[] =
      await owner.query(
        `select format('backstory.%I(%s)', proname, (select string_agg(format('null::%s', format_type(t.type, null)), ', ' order by t.n)
                   from unnest(proargtypes) with ordinality t (type, n))) as call,
                proname as name, prokind as kind, prosecdef as definer, prorettype = 'trigger'::regtype as trigger
         from pg_proc where pronamespace = 'backstory'::regnamespace`,
      );
    const done = new Set<string>();
    const tableKinds = {
      temporary: `create temporary table attack (id int, owner text, balance int)`,
      own: `create table public.attack (id int, owner text, balance int)`,
      partitioned: `create table public.attack (id int, owner text, balance int) partition by range (id)`,
      foreign: `create foreign table public.attack (id int, owner text, balance int) server nowhere`,
    };
    for (const { call, name, definer, trigger } of functions) {
      if (definer && !trigger && (await succeeds(role, `select ${call}`))) done.add(name);
      for (const [kind, table] of Object.entries(tableKinds)) {
        const own = `create trigger forged after insert on attack for each statement execute function backstory."${name}"()`;
        if (trigger && (await succeeds(role, table, own))) done.add(`${name} on a ${kind} table`);
      }
    }
    expect([...done].sort()).toEqual(role === 'app' ? functionsOfTheApplication : []);
    // the table kinds themselves could be made, so it was the functions that were refused
    for (const table of Object.values(tableKinds)) expect(await succeeds(role, table)).toBe(true);
  });

  it.each(['app', 'reader', 'stranger'] as const)('%s: to become more', async (role) => {
    const [{ name: ownerName }] = await owner.query('select current_user as name');
    for (const statement of [
      `set role "${ownerName}"`,
      `set session authorization "${ownerName}"`,
      `set session_replication_role = replica`,
      `create function backstory.forged() returns int language sql as 'select 1'`,
      `create table backstory.forged (id int)`,
      `create or replace function backstory.statement_context(statement text) returns jsonb language sql as $$ select '{"actor":"ceo"}'::jsonb $$`,
      `alter function backstory.capture_account_insert() owner to current_user`,
      `alter function backstory.capture_account_insert() set search_path = pg_temp`,
      `drop trigger "00_backstory_insert" on account`,
      `alter table account disable trigger all`,
      `alter table account inherit backstory.events`,
      `create table public.child () inherits (account)`,
      `alter schema backstory rename to forged`,
    ])
      expect([statement, await succeeds(role, statement)]).toEqual([statement, false]);
  });

  it('shadows what the capture functions call, and writes the same events all the same', async () => {
    const { app } = clients;
    await app.query('begin');
    await app.query(
      `
      create temporary table events (category text, stream_id text, data jsonb);
      create temporary table aggregates (category text, part text, table_oid oid, bound_in oid, table_schema text, table_name text);
      create function public.statement_context(text) returns jsonb language sql as $$ select '{"actor":"ceo"}'::jsonb $$;
      create function public.captures(oid, text, text) returns boolean language sql as 'select true';
      create function public.to_json(int) returns json language sql as $$ select '"forged"'::json $$;
      create function public.jsonb_build_object(variadic "any") returns jsonb language internal immutable as 'jsonb_build_object';
      create function public.never(int, int) returns boolean language sql as 'select false';
      create operator public.= (leftarg = int, rightarg = int, function = public.never);
      create operator public.<> (leftarg = oid, rightarg = oid, function = pg_catalog.oideq);
      set local search_path = pg_temp, public, pg_catalog`.replace(
        /create function public.jsonb_build_object[^;]*;/,
        '',
      ),
    );
    await app.query(`update account set balance = 30 where owner = 'a'`);
    await app.query('set local search_path = public');
    const events = await app.query(
      `select type, data, metadata from backstory.events where category = 'account' order by global_position desc limit 1`,
    );
    await app.query('rollback');
    expect(events.rows).toEqual([{ type: 'AccountUpdated', data: { balance: 30 }, metadata: {} }]);
  });

  it('rewrites history by way of the archive, as its owner: the archive takes what the log has, and nothing else', async () => {
    await owner.query(`create table forged as select * from backstory.events`);
    await owner.query(`update forged set data = '{"id": 1, "owner": "forged"}'`);
    await expect(owner.query(`insert into backstory.archived_events select * from forged`)).rejects.toThrow(
      /is not what the log has, the archive refuses it/,
    );
    await owner.query(`insert into backstory.archived_events select * from backstory.events`);
    for (const statement of [
      `update backstory.archived_events set data = '{}'`,
      `truncate backstory.archived_events`,
      `update backstory.events set data = '{}'`,
    ])
      await expect(owner.query(statement)).rejects.toThrow(/append-only/);
    await owner.query(`delete from backstory.archived_events; drop table forged`);
  });

  it('is named by doctor where a role reads what it may not, may call, create, or become another', async () => {
    const backstory = await createBackstory(owner);
    const problems = async (): Promise<string[]> => (await backstory.doctor()).map(({ problem }) => problem);
    await owner.query(
      `grant select on backstory.seal_blocks to ${names.reader}; grant update (data) on backstory.events to ${names.reader};
       grant create on schema backstory to ${names.reader}; grant ${names.app} to ${names.reader};
       grant execute on function backstory.subject_keys_of(text[]) to ${names.reader}`,
    );
    expect(await problems()).toEqual([
      expect.stringContaining(`"${names.reader}" has UPDATE on events`),
      expect.stringContaining(`"${names.reader}" has SELECT on seal_blocks`),
      expect.stringContaining(`"${names.reader}" may create tables`),
      expect.stringContaining(`"${names.reader}" may call subject_keys_of`),
      expect.stringContaining(`"${names.reader}" is a member of "${names.app}"`),
    ]);
    await owner.query(
      `revoke select on backstory.seal_blocks from ${names.reader}; revoke update (data) on backstory.events from ${names.reader};
       revoke create on schema backstory from ${names.reader}; revoke ${names.app} from ${names.reader};
       revoke execute on function backstory.subject_keys_of(text[]) from ${names.reader}`,
    );
    expect(await problems()).toEqual([]);
    await backstory.close();
  });

  it('is named by doctor where a role has more', async () => {
    const backstory = await createBackstory(owner);
    expect(await backstory.doctor()).toEqual([]);
    await owner.query(
      `grant insert on backstory.events to ${names.reader}; grant delete on backstory.stages to public`,
    );
    expect((await backstory.doctor()).map(({ problem }) => problem)).toEqual([
      expect.stringContaining('everybody has DELETE on stages'),
      expect.stringContaining(`the role "${names.reader}" has INSERT on events`),
    ]);
    await owner.query(
      `revoke insert on backstory.events from ${names.reader}; revoke delete on backstory.stages from public`,
    );
    await backstory.close();
  });
});
