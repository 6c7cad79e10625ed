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
  readonly dataSource: DataSource;
}

/** @returns undefined where PostgreSQL itself refuses the tables */
export async function openSide(model: Model): Promise<Side | { refused: string }> {
  const database = await createTestDatabase();
  const clients = [0, 1, 2].map(() => {
    const client = new Client(database.url);
    client.on('error', () => undefined);
    return client;
  });
  const dataSource = new DataSource({
    type: 'postgres',
    url: database.url,
    entities: entitiesOf(model),
    installExtensions: false,
    extra: { max: 4 },
  });
  const side = { database, clients, dataSource };
  try {
    for (const client of clients) await client.connect();
    await clients[0]!.query(typeDefinitions);
    for (const statement of model.ddl)
      await clients[0]!.query(statement).catch((error: Error) => {
        throw new Error(`${error.message}: ${statement}`);
      });
    await dataSource.initialize();
    return side;
  } catch (error) {
    await closeSide(side);
    return { refused: (error as Error).message };
  }
}

export async function closeSide({ database, clients, dataSource }: Side): Promise<void> {
  for (const client of clients) await client.end();
  if (dataSource.isInitialized) await dataSource.destroy();
  await database.drop();
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
