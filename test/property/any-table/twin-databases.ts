import { createTestDatabase, type TestDatabase } from '@backstory/test/postgres';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { typeDefinitions } from '../../values/value-types.js';
import { entitiesOf } from './entities-of.js';
import type { Model } from './model.js';
import { printed } from '../../values/history.js';
import { named } from './quoting.js';

/** A database with the made-up tables, and the connections that write to them. */
export interface Side {
  readonly database: TestDatabase;
  readonly clients: readonly Client[];
}

export type FilledSide = Side & { readonly dataSource: DataSource };

export async function openSide(): Promise<Side> {
  const database = await createTestDatabase();
  const clients = [0, 1, 2].map(() => new Client(database.url));
  for (const client of clients) await client.connect();
  await clients[0]!.query(typeDefinitions);
  return { database, clients };
}

export async function closeSide({ database, clients }: Side): Promise<void> {
  for (const client of clients) await client.end();
  await database.drop();
}

/** Whatever a trial has left. */
const everything = `select format('drop schema %I cascade', nspname) as sql from pg_namespace
     where nspname not in ('public', 'information_schema') and nspname !~ '^pg_'
   union all
   select format('drop %s public.%I cascade', case relkind when 'v' then 'view' when 'S' then 'sequence' else 'table' end, relname)
     from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') and not relispartition
   union all
   select format('drop function %s cascade', p.oid::regprocedure) from pg_proc p
     where pronamespace = 'public'::regnamespace
       and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;

/** Makes the tables, in a database that has none. @returns the reason where PostgreSQL itself refuses them */
export async function fillSide(side: Side, model: Model): Promise<FilledSide | { refused: string }> {
  const [client] = side.clients;
  for (const each of side.clients) await each.query('rollback');
  await client!.query('reset all');
  const { rows } = await client!.query<{ sql: string }>(everything);
  // one of them may have gone with another
  for (const { sql } of rows)
    await client!.query(sql.replace(/^drop (schema|view|sequence|table|function)/, 'drop $1 if exists'));
  for (const statement of model.ddl) {
    try {
      await client!.query(statement);
    } catch (error) {
      return { refused: `${(error as Error).message}: ${statement}` };
    }
  }
  const dataSource = new DataSource({
    type: 'postgres',
    url: side.database.url,
    entities: entitiesOf(model),
    installExtensions: false,
    extra: { max: 4 },
  });
  try {
    return { ...side, dataSource: await dataSource.initialize() };
  } catch (error) {
    return { refused: `TypeORM: ${(error as Error).message}` };
  }
}

/** All rows, as text, with the table that each is in. */
export async function allRows({ clients: [client] }: Side, model: Model): Promise<Record<string, string[]>> {
  const tables: Record<string, string[]> = {};
  await client!.query('reset all');
  for (const table of model.tables) {
    const { rows } = await client!.query<{ row: string }>(
      `select tableoid::regclass::text || ' ' || t::text as row from ${named(table)} t order by 1`,
    );
    tables[named(table)] = rows.map(({ row }) => row);
  }
  return tables;
}

/** What TypeORM reads of each entity, or why it can't. Two databases with the same rows give the same. */
export async function allEntities(
  manager: DataSource['manager'],
  model: Model,
): Promise<Record<string, unknown>> {
  const read: Record<string, unknown> = {};
  for (const table of model.tables) {
    const relations = Object.fromEntries(
      table.parts.map((part) => [
        part.reference!.down,
        Object.fromEntries(part.parts.map((inner) => [inner.reference!.down, true])),
      ]),
    );
    try {
      // a transaction of its own, or a savepoint: a read may fail
      const entities = await manager.transaction((inside) =>
        inside.find(table.entity, { relations: relations as never, withDeleted: true }),
      );
      read[table.entity] = (entities as object[]).map((each) => sortedInside(each)).sort();
    } catch (error) {
      read[table.entity] = `failed: ${(error as Error).message}`;
    }
  }
  return read;
}

/** Printed, with what is beneath it in an order of its own. */
function sortedInside(value: unknown): string {
  if (Array.isArray(value) && value.every((each) => typeof each === 'object' && each !== null))
    return `[${value.map(sortedInside).sort().join(', ')}]`;
  if (
    typeof value === 'object' &&
    value !== null &&
    (Object.getPrototypeOf(value) === Object.prototype || value.constructor?.name === 'Object')
  ) {
    return `{${Object.entries(value)
      .map(([name, inner]) => `${name}: ${sortedInside(inner)}`)
      .sort()
      .join(', ')}}`;
  }
  return printed(value);
}
