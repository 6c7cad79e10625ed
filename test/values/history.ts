import { inspect } from 'node:util';
import { type Backstory, type BackstoryOptions, createBackstory } from '@backstory/adapter';
import { createTestDatabase } from '@backstory/test/postgres';
import {
  DataSource,
  type DataSourceOptions,
  type EntityManager,
  type EntityTarget,
  type ObjectLiteral,
} from 'typeorm';

export interface History {
  readonly dataSource: DataSource;
  readonly backstory: Backstory;
  readonly url: string;
  close(): Promise<void>;
}

/** A fresh database with the tables of some entities, captured. `sql` runs before TypeORM looks at the database. */
export async function openHistory(
  { sql, ...options }: Partial<DataSourceOptions> & Pick<DataSourceOptions, 'entities'> & { sql?: string },
  backstoryOptions: BackstoryOptions = {},
): Promise<History> {
  const database = await createTestDatabase();
  if (sql) {
    const plain = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    await plain.query(sql);
    await plain.destroy();
  }
  const dataSource = await new DataSource({
    type: 'postgres',
    url: database.url,
    synchronize: true,
    installExtensions: false,
    ...options,
  } as DataSourceOptions).initialize();
  const backstory = await createBackstory(dataSource, backstoryOptions);
  return {
    dataSource,
    backstory,
    url: database.url,
    close: async () => {
      await backstory.close();
      await dataSource.destroy();
      await database.drop();
    },
  };
}

/** Everything that tells two values apart: also -0, an invalid Date, undefined, and the class of an object. */
export function printed(value: unknown): string {
  return inspect(value, { depth: null, maxArrayLength: null, maxStringLength: null, breakLength: Infinity });
}

/**
 * Verify is clean, and what is loaded by replay and by `load` is what TypeORM loads from the rows. `blank` is a
 * statement that spoils the rows behind the back of capture: so what a read gives then are the events.
 * @returns the entities
 */
export async function expectExactReplay<Entity extends ObjectLiteral>(
  { dataSource, backstory }: History,
  entity: EntityTarget<Entity>,
  blank: string,
): Promise<Entity[]> {
  const { name } = dataSource.getMetadata(entity);
  const category = name.charAt(0).toLowerCase() + name.slice(1);
  const { aggregates } = await backstory.verify({ aggregates: [category] });
  expect(aggregates.flatMap(({ drift }) => drift)).toEqual([]);
  const rows = await dataSource.manager.find(entity);
  await backstory.stages.set(category, 'replay', { force: true });
  const replayed = await inVain(dataSource, async (manager) => {
    await manager.query('set local session_replication_role = replica');
    await manager.query(blank);
    return manager.find(entity);
  });
  await backstory.stages.set(category, 'capture', { force: true });
  expectSame(replayed, rows);
  const streams: { id: string }[] = await dataSource.query(
    'select distinct stream_id as id from backstory.events where category = $1',
    [category],
  );
  const loaded = await Promise.all(streams.map(({ id }) => backstory.load<Entity>(name, id)));
  expectSame(
    loaded.filter((each) => each !== null),
    rows,
  );
  return rows;
}

/** The result of `work`, and nothing that it has written. */
async function inVain<Result>(
  dataSource: DataSource,
  work: (manager: EntityManager) => Promise<Result>,
): Promise<Result> {
  const queryRunner = dataSource.createQueryRunner();
  await queryRunner.startTransaction();
  try {
    return await work(queryRunner.manager);
  } finally {
    await queryRunner.rollbackTransaction();
    await queryRunner.release();
  }
}

function expectSame<Entity extends ObjectLiteral>(
  actual: readonly Entity[],
  expected: readonly Entity[],
): void {
  const sorted = (entities: readonly Entity[]): Entity[] =>
    [...entities].sort((a, b) => (printed(a) < printed(b) ? -1 : 1));
  if (printed(sorted(actual)) === printed(sorted(expected))) return;
  // One property after the other: the whole of two entities is too long to read.
  if (actual.length === expected.length) {
    expected.forEach((row, n) => {
      for (const name of Object.keys(row)) {
        expect([name, printed(actual[n]?.[name])]).toEqual([name, printed(row[name])]);
      }
    });
  }
  expect(printed(sorted(actual))).toBe(printed(sorted(expected)));
}
